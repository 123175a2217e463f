// What comes from the view is checked like anything from outside.

import { describe, expect, it } from 'vitest';
import { read } from '../../src/answers/messages';
import { page } from '../../src/answers/page';

describe('a message of the view', () => {
  it('is taken where it is one', () => {
    expect(read({ type: 'ready', more: 1 })).toEqual({ type: 'ready' });
    expect(read({ type: 'open', id: 1, citation: 0 })).toEqual({ type: 'open', id: 1, citation: 0 });
    expect(read({ type: 'ask', text: 'why?' })).toEqual({ type: 'ask', text: 'why?' });
    expect(read({ type: 'ask', text: 'why?', answer: 4 })).toEqual({ type: 'ask', text: 'why?', answer: 4 });
    expect(read({ type: 'cancel', id: 3 })).toEqual({ type: 'cancel', id: 3 });
  });

  it('is dropped where it is not', () => {
    for (const wrong of [
      null,
      'open',
      {},
      { type: 'open', id: 1 },
      { type: 'open', id: -1, citation: 0 },
      { type: 'open', id: 1.5, citation: 0 },
      { type: 'ask', text: 7 },
      { type: 'ask', text: 'why?', answer: 'x' },
      { type: 'copy' },
      { type: 'run', command: 'x' },
    ]) {
      expect(read(wrong), JSON.stringify(wrong)).toBeUndefined();
    }
  });
});

describe('the page', () => {
  const html = page({ script: 'https://x/view.js?a=1&b="', style: 'https://x/view.css', source: 'https://x', nonce: 'abc' });

  it('allows nothing but its own script and style', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    expect(policy).toBe("default-src 'none'; script-src 'nonce-abc'; style-src https://x; form-action 'none'; base-uri 'none'");
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('src="https://x/view.js?a=1&amp;b=&quot;"');
    expect(html).not.toMatch(/ style=| on\w+=/);
  });

  it('names its parts for those who do not see them', () => {
    expect(html).toContain('<main id="answers" aria-label="Answers">');
    expect(html).toContain('for="follow-up-text"');
    expect(html).toContain('role="status" aria-live="polite"');
    expect(html).toContain('lang="en"');
  });
});
