// @vitest-environment happy-dom
// The page inside the view, as a user meets it: what is shown, what is pressed, what is told to the extension.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromView, Shown, ToView } from '../../src/answers/messages';
import { page } from '../../src/answers/page';
import type { Element, Node as Tree } from '../../src/answers/tree';

let told: FromView[];
/** A page that is closed hears nothing any more. */
let close: () => void;

beforeEach(async () => {
  told = [];
  const html = page({ script: '', style: '', source: '', nonce: '' });
  const parsed = new DOMParser().parseFromString(/<body>([^]*)<script/.exec(html)?.[1] ?? '', 'text/html');
  document.body.replaceChildren(...parsed.body.childNodes);
  vi.stubGlobal('acquireVsCodeApi', () => ({ postMessage: (message: FromView) => told.push(message) }));
  // The script as it runs in the view, once for each page.
  vi.resetModules();
  const listens = [vi.spyOn(window, 'addEventListener'), vi.spyOn(document, 'addEventListener')];
  await import('../../src/answers/view/main');
  const [onWindow, onDocument] = listens.map((spy) => [...spy.mock.calls]);
  for (const spy of listens) spy.mockRestore();
  close = () => {
    for (const listener of onWindow ?? []) window.removeEventListener(...listener);
    for (const listener of onDocument ?? []) document.removeEventListener(...listener);
  };
});

afterEach(() => close());

const shown = (more: Partial<Shown> = {}): Shown => ({
  id: 1,
  title: 'How?',
  state: 'running',
  progress: 'sending',
  route: '',
  problem: '',
  footer: [],
  files: [],
  ...more,
});
const ask = { label: 'Ask a question', hasThread: false, isRunning: true };
const paragraph = (...children: Tree[]): Element => ({ tag: 'p', children });

function send(...messages: ToView[]): void {
  for (const data of messages) window.dispatchEvent(new MessageEvent('message', { data }));
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string): HTMLElement => {
  const found = all(selector);
  if (found.length !== 1) throw new Error(`${found.length} of ${selector}`);
  return found[0]!;
};

const last = (): FromView | undefined => told.at(-1);

describe('the page', () => {
  it('says that it is ready, and shows what it is told', () => {
    expect(told).toEqual([{ type: 'ready' }]);
    send({ type: 'reset', ask, draft: 'half', answers: [{ shown: shown(), blocks: [paragraph({ text: 'Here.' })] }] });
    expect(one('article#answer-1 h2').textContent).toBe('How?');
    expect(one('.body').textContent).toBe('Here.');
    expect((one('#follow-up-text') as HTMLTextAreaElement).value).toBe('half');
    expect(one('#empty').hidden).toBe(true);
    expect(one('article').getAttribute('aria-busy')).toBe('true');
    expect(one('article').getAttribute('aria-labelledby')).toBe(one('h2').id);
  });

  it('makes no element of what is text', () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(1)</script>';
    send({
      type: 'answer',
      shown: shown({
        title: evil,
        route: evil,
        problem: evil,
        footer: [[evil, evil]],
        files: [{ name: evil, detail: evil, canOpen: true }],
        change: { label: evil, problems: [evil] },
      }),
    });
    send({ type: 'blocks', id: 1, from: 0, blocks: [paragraph({ text: evil }), { tag: 'script' as 'p', children: [{ text: evil }] }] });
    expect(all('img, script')).toEqual([]);
    expect(one('h2').textContent).toBe(evil);
    expect(one('.body p').textContent).toBe(evil);
  });

  it('replaces the end of an answer and leaves its beginning', () => {
    send(
      { type: 'answer', shown: shown() },
      { type: 'blocks', id: 1, from: 0, blocks: [paragraph({ text: 'one' }), paragraph({ text: 'tw' })] },
    );
    const first = one('.body').firstChild;
    send({ type: 'blocks', id: 1, from: 1, blocks: [paragraph({ text: 'two' }), { tag: 'hr', children: [] }] });
    expect(one('.body').firstChild).toBe(first);
    expect([...one('.body').children].map((child) => child.textContent)).toEqual(['one', 'two', '']);
  });

  it('forgets what it is told to forget', () => {
    send({ type: 'answer', shown: shown() }, { type: 'answer', shown: shown({ id: 2 }) }, { type: 'remove', id: 1 });
    expect(all('article').map((article) => article.id)).toEqual(['answer-2']);
  });

  it('reads aloud that an answer began, and how it ended', () => {
    send({ type: 'answer', shown: shown() });
    expect(one('#announce').textContent).toBe('Answering: How?');
    send({ type: 'answer', shown: shown({ state: 'done', footer: [['Cost', '$0.12']] }) });
    expect(one('#announce').textContent).toBe('The answer is there. Cost: $0.12.');
    send({ type: 'answer', shown: shown({ id: 2 }) }, { type: 'answer', shown: shown({ id: 2, state: 'failed', problem: 'no credit' }) });
    expect(one('#announce').textContent).toBe('There is no answer: no credit');
  });
});

describe('what can be pressed', () => {
  it('is a checked citation, and not one that was not found', () => {
    send(
      { type: 'answer', shown: shown() },
      {
        type: 'blocks',
        id: 1,
        from: 0,
        blocks: [
          paragraph({ citation: 3, text: 'a.rs:1', isVerified: true }, { text: ' ' }, { citation: 4, text: 'b.rs:2', isVerified: false }),
        ],
      },
    );
    one('button.citation').click();
    expect(last()).toEqual({ type: 'open', id: 1, citation: 3 });
    expect(one('.citation.unverified').tagName).toBe('SPAN');
    one('.citation.unverified').click();
    expect(told).toHaveLength(2);
  });

  it('is Cancel while an answer grows, then Copy and Review', () => {
    const change = { label: 'Review change', problems: [] };
    send({ type: 'answer', shown: shown() });
    one('#cancel-1').click();
    expect(last()).toEqual({ type: 'cancel', id: 1 });
    send({ type: 'answer', shown: shown({ state: 'done', change }) });
    expect(all('#cancel-1')).toEqual([]);
    one('#copy-1').click();
    expect(last()).toEqual({ type: 'copy', id: 1 });
    one('#review-1').click();
    expect(last()).toEqual({ type: 'review', id: 1 });
  });

  it('keeps the focus while an answer grows', () => {
    send({ type: 'answer', shown: shown() });
    one('#cancel-1').focus();
    send({ type: 'answer', shown: shown({ progress: 'writing' }) });
    expect(document.activeElement?.id).toBe('cancel-1');
  });

  it('is a file that was sent, where it can be opened', () => {
    send({
      type: 'answer',
      shown: shown({
        state: 'done',
        footer: [['Cost', '$0']],
        files: [
          { name: 'gone.rs', detail: '1 kB', canOpen: false },
          { name: 'a.rs', detail: '2 kB', canOpen: true },
        ],
      }),
    });
    expect(one('summary').textContent).toBe('2 files were sent');
    one('button.file').click();
    expect(last()).toEqual({ type: 'file', id: 1, file: 1 });
  });
});

describe('Escape', () => {
  const escape = (more: KeyboardEventInit = {}): void => {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, ...more }));
    send({ type: 'escape' });
  };
  const cancelled = (): number[] => told.flatMap((message) => (message.type === 'cancel' ? [message.id] : []));
  beforeEach(() => {
    for (const id of [1, 2, 3]) send({ type: 'answer', shown: shown({ id, state: id === 3 ? 'done' : 'running' }) });
  });

  it('cancels the newest question that runs, and no other', () => {
    escape();
    expect(cancelled()).toEqual([2]);
  });

  it('cancels the one that has the focus', () => {
    one('#cancel-1').focus();
    escape();
    expect(cancelled()).toEqual([1]);
  });

  it('of an input method cancels nothing', () => {
    one('#follow-up-text').focus();
    escape({ isComposing: true });
    expect(cancelled()).toEqual([]);
    escape();
    expect(cancelled()).toEqual([2]);
  });
});

describe('the box', () => {
  const box = (): HTMLTextAreaElement => one('#follow-up-text') as HTMLTextAreaElement;
  const key = (more: KeyboardEventInit): void =>
    void box().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more }));

  beforeEach(() => send({ type: 'ask', ask: { label: 'Go on with “How?”', answer: 1, hasThread: true, isRunning: true } }));

  it('sends with Enter, and not with a new line, an input method, or nothing in it', () => {
    key({});
    box().value = ' and then? ';
    key({ shiftKey: true });
    key({ isComposing: true });
    expect(told).toHaveLength(1);
    key({});
    expect(last()).toEqual({ type: 'ask', text: 'and then?', answer: 1 });
    expect(box().value).toBe(' and then? ');
    send({ type: 'asked', text: 'and then?', isTaken: true });
    expect(box().value).toBe('');
  });

  it('sends once, and keeps the words until they are taken', () => {
    box().value = 'and then?';
    key({});
    key({});
    expect(told.filter((message) => message.type === 'ask')).toHaveLength(1);
    expect(box().readOnly).toBe(true);
    send({ type: 'asked', text: 'and then?', isTaken: false });
    expect([box().value, box().readOnly]).toEqual(['and then?', false]);
    key({});
    expect(told.filter((message) => message.type === 'ask')).toHaveLength(2);
  });

  it('begins a new thread where that is wanted, once', () => {
    const check = one('#new-thread-box') as HTMLInputElement;
    check.checked = true;
    box().value = 'else?';
    key({});
    expect(last()).toEqual({ type: 'ask', text: 'else?' });
    send({ type: 'asked', text: 'else?', isTaken: true });
    expect(check.checked).toBe(false);
  });

  it('says what it goes on with, and offers a new thread only then', () => {
    expect(one('#follow-up-label').textContent).toBe('Go on with “How?”');
    expect(one('#new-thread').hidden).toBe(false);
    send({ type: 'ask', ask });
    expect(one('#new-thread').hidden).toBe(true);
  });

  it('is closed while there is no server', () => {
    send({ type: 'ask', ask: { ...ask, isRunning: false } });
    expect(box().disabled).toBe(true);
    box().value = 'why?';
    key({});
    expect(told.filter((message) => message.type === 'ask')).toEqual([]);
  });

  it('keeps what is not sent yet with the extension', () => {
    box().value = 'ha';
    box().dispatchEvent(new Event('input'));
    expect(last()).toEqual({ type: 'draft', text: 'ha' });
  });
});
