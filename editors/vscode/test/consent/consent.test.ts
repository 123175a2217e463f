// Consent: what is shown, and that nothing but a yes is one.

import { describe, expect, it } from 'vitest';
import { askConsent, type Screen } from '../../src/consent/ask';
import { ALWAYS, buttons, detail, ONCE, SHOW, title } from '../../src/consent/words';
import type { ConsentRequest } from '../../src/protocol';

const request: ConsentRequest = {
  question: 4,
  title: 'Why is this retried?',
  provider: 'anthropic',
  model: 'claude-opus-5-5',
  host: 'api.anthropic.com:443',
  isLocal: false,
  mayRemember: true,
  inputTokens: { least: 9_000, most: 12_345 },
  maxOutputTokens: 8_192,
  cost: { least: '$0.01', most: '$0.09' },
  files: [
    { path: 'src/queue.rs', bytes: 3_200, lines: '1-40, 60-71' },
    { path: 'src/secret.rs', bytes: 900, isInternal: true },
  ],
  redactions: [
    { kind: 'AWS key', count: 2 },
    { kind: 'password', count: 1 },
  ],
  left: '$3.10 of $20 per month',
  payload: '# What would be sent',
};

/** Says one thing after the other, and notes what it was shown. */
function screen(...says: (string | undefined)[]): Screen & { seen: string[] } {
  const seen: string[] = [];
  const next = (): Promise<string | undefined> => Promise.resolve(says.shift());
  return {
    seen,
    modal: (_title, _detail, offered) => {
      seen.push(`modal ${offered.join('|')}`);
      return next();
    },
    aside: (_title, offered) => {
      seen.push(`aside ${offered.join('|')}`);
      return next();
    },
    show: (payload) => {
      seen.push(`show ${payload}`);
      return Promise.resolve();
    },
    tooLate: () => seen.push('too late'),
  };
}

const live = (): boolean => false;

describe('the question', () => {
  it('says what, where to and how much, and names the files', () => {
    expect(title(request)).toBe('Send 4.1 kB of 2 files to claude-opus-5-5 at api.anthropic.com:443?');
    expect(detail(request)).toBe(
      [
        'Question: Why is this retried?',
        'Where to: anthropic, it leaves this machine',
        'Cost: $0.01 to $0.09',
        'Size: 9,000 to 12,345 tokens, and at most 8,192 for the answer',
        'Budget: $3.10 of $20 per month',
        'Redacted: AWS key (2), password',
        '',
        'Files:',
        '• src/queue.rs (3.2 kB, lines 1-40, 60-71)',
        '• src/secret.rs (900 bytes, internal)',
      ].join('\n'),
    );
  });

  it('says why it is asked again, and where a server of the user’s own is meant', () => {
    const own = detail({ ...request, isLocal: true, why: 'it is much larger than before.', files: [], redactions: [] });
    expect(own).toContain('a server of your own');
    expect(own).toContain('You are asked because it is much larger than before.');
    expect(own).toContain('No files.');
    expect(own).not.toContain('Redacted');
  });

  it('says on what terms, and why the answer may be shorter than is set', () => {
    const terms = 'Without billing at Google’s, what is sent may be read by people.';
    const lowered = 'It is less than is set, since no more is left of today’s limit.';
    const lines = detail({ ...request, terms, lowered }).split('\n');
    expect(lines[2]).toBe(`Terms: ${terms}`);
    expect(lines[5]).toBe(`Limit: ${lowered}`);
  });

  it('says the terms again when it asks beside what would be sent', async () => {
    const asides: string[] = [];
    const shown = screen(SHOW);
    shown.aside = (title) => {
      asides.push(title);
      return Promise.resolve(undefined);
    };
    await askConsent({ ...request, terms: 'People may read it.' }, shown, live);
    expect(asides).toEqual([`${title(request)} Cost: at most $0.09. People may read it.`]);
  });

  it('stays smaller than the screen', () => {
    const files = Array.from({ length: 200 }, (_, at) => ({ path: `src/${at}.rs`, bytes: 10 }));
    const text = detail({ ...request, files });
    expect(text.split('\n').length).toBeLessThan(30);
    expect(text).toContain('and 185 more: Show has all of it');
  });

  it('has nothing that is a yes under the Enter key, and offers to remember only where that is allowed', () => {
    expect(buttons(request)).toEqual([SHOW, ONCE, ALWAYS]);
    expect(buttons({ ...request, mayRemember: false })).toEqual([SHOW, ONCE]);
  });
});

describe('the answer', () => {
  it('is what was chosen', async () => {
    expect(await askConsent(request, screen(ONCE), live)).toBe('once');
    expect(await askConsent(request, screen(ALWAYS), live)).toBe('workspace');
  });

  it('is no for everything else', async () => {
    for (const said of [undefined, 'Cancel', '', 'this time', 'Yes'])
      expect(await askConsent(request, screen(said), live), said).toBe('no');
  });

  it('is no to remember what may not be remembered', async () => {
    expect(await askConsent({ ...request, mayRemember: false }, screen(ALWAYS), live)).toBe('no');
  });

  it('may wait until the payload was read', async () => {
    const shown = screen(SHOW, SHOW, ONCE);
    expect(await askConsent(request, shown, live)).toBe('once');
    expect(shown.seen).toEqual([
      'modal Show|This time|Always for this workspace',
      'show # What would be sent',
      'aside Show|This time|Always for this workspace|Cancel',
      'show # What would be sent',
      'aside Show|This time|Always for this workspace|Cancel',
    ]);
    expect(await askConsent(request, screen(SHOW, undefined), live)).toBe('no');
  });

  it('comes too late for a question that has ended', async () => {
    const late = screen(ONCE);
    expect(await askConsent(request, late, () => true)).toBe('no');
    expect(late.seen.at(-1)).toBe('too late');
    expect(await askConsent(request, screen(undefined), () => true)).toBe('no');
  });
});
