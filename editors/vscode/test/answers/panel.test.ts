// The view, from the extension's side: what it is told, and what its messages can and cannot do.

import { beforeEach, describe, expect, it } from 'vitest';
import { Answers, type PanelActions } from '../../src/answers/panel';
import type { AnswerEvent, Citation, Footer } from '../../src/protocol';
import { clipboard, done, type Panel, panels, Uri } from '../vscode';

const footer: Footer = {
  answeredBy: 'the index',
  isCloud: false,
  leftMachine: false,
  routeReason: 'no model is needed',
  cost: '$0.00',
  tokens: { input: 0, cached: 0, output: 0 },
  files: [
    { path: 'a.rs', uri: 'file:///w/a.rs', bytes: 10 },
    { path: 'gone.rs', bytes: 5 },
  ],
  redactions: 0,
  cited: 1,
  unverified: 1,
  elapsedMs: 3,
  thread: 't7',
};

let did: string[];
let answers: Answers;
/** What the server makes of the next question. */
let isTaken: boolean;

beforeEach(() => {
  panels.length = clipboard.length = done.length = 0;
  isTaken = true;
  did = [];
  const actions: PanelActions = {
    ask: (text, thread) => {
      did.push(`ask ${text} in ${String(thread)}`);
      return Promise.resolve(isTaken);
    },
    cancel: (question) => did.push(`cancel ${question}`),
    review: (answer) => did.push(`review ${answer.id}`),
    open: (uri, line, endLine) => did.push(`open ${uri} ${line}-${endLine}`),
    changed: () => did.push('changed'),
  };
  answers = new Answers(new Uri('/extension') as never, actions);
  answers.setServer(true);
});

const panel = (): Panel => panels.at(-1)!;
const say = (message: unknown): void => panel().received.fire(message);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const types = (): string[] => panel().posted.map((message) => message.type);

function begin(question = 1): void {
  answers.apply({ question, event: 'begin', title: `Question ${question}`, kind: 'ask' });
}

function cite(...citations: Partial<Citation>[]): AnswerEvent {
  const text = citations.map((citation) => citation.text).join(' ');
  const all = citations.map((citation) => ({ at: text.indexOf(citation.text ?? ''), text: '', isVerified: true, line: 1, ...citation }));
  return { question: 1, event: 'text', text, citations: all };
}

describe('the view', () => {
  it('opens beside with the first answer, and leaves the focus where it is', () => {
    begin();
    expect(panels).toHaveLength(1);
    expect(panel().preserveFocus).toBe(true);
    expect(panel().options).toMatchObject({
      enableScripts: true,
      enableCommandUris: false,
      localResourceRoots: [{ path: '/extension/dist' }],
    });
    expect(panel().webview.html).toContain("default-src 'none'");
    begin(2);
    expect(panels).toHaveLength(1);
  });

  it('is told everything when it is ready, also again after it was hidden', () => {
    begin();
    expect(types()).toEqual([]);
    say({ type: 'ready' });
    expect(panel().posted).toMatchObject([
      { type: 'reset', ask: { label: 'Ask a question', isRunning: true }, answers: [{ shown: { title: 'Question 1' } }] },
    ]);
    panel().visible = false;
    panel().viewState.fire();
    answers.apply({ question: 1, event: 'done', footer });
    expect(types()).toEqual(['reset']);
    say({ type: 'ready' });
    expect(panel().posted.at(-1)).toMatchObject({
      type: 'reset',
      ask: { label: 'Go on with “Question 1”', hasThread: true },
      answers: [{ shown: { state: 'done' } }],
    });
  });

  it('keeps the words that were not sent yet', async () => {
    begin();
    say({ type: 'ready' });
    say({ type: 'draft', text: 'half a quest' });
    say({ type: 'ready' });
    expect(panel().posted.at(-1)).toMatchObject({ draft: 'half a quest' });
    say({ type: 'ask', text: 'whole' });
    await settled();
    expect(panel().posted.at(-1)).toEqual({ type: 'asked', text: 'whole', isTaken: true });
    say({ type: 'ready' });
    expect(panel().posted.at(-1)).toMatchObject({ draft: '' });
  });

  it('keeps the words that the server did not take', async () => {
    begin();
    say({ type: 'ready' });
    isTaken = false;
    say({ type: 'ask', text: 'why is this so?' });
    await settled();
    expect(panel().posted.at(-1)).toEqual({ type: 'asked', text: 'why is this so?', isTaken: false });
    panel().dispose();
    answers.open(true);
    say({ type: 'ready' });
    expect(panel().posted.at(-1)).toMatchObject({ type: 'reset', draft: 'why is this so?' });
  });

  it('is asked at Escape which question is meant; without a view it is the newest that runs', () => {
    begin(1);
    begin(2);
    begin(3);
    answers.apply({ question: 3, event: 'done', footer });
    did = [];
    answers.cancelOne();
    expect(did).toEqual(['cancel 2']);
    say({ type: 'ready' });
    answers.cancelOne();
    expect(did).toEqual(['cancel 2']);
    expect(panel().posted.at(-1)).toEqual({ type: 'escape' });
  });

  it('comes back with all answers after it was closed', () => {
    begin();
    answers.apply({ question: 1, event: 'done', footer });
    panel().dispose();
    answers.open(false);
    expect(panels).toHaveLength(2);
    say({ type: 'ready' });
    expect(types()).toEqual(['reset', 'focus']);
  });
});

describe('what is chosen in it', () => {
  beforeEach(() => {
    begin();
    answers.apply(
      cite(
        { text: 'a.rs:12', uri: 'file:///w/a.rs', line: 12, endLine: 14 },
        { text: 'b.rs:1', isVerified: false, uri: 'file:///w/b.rs' },
        { text: 'c.rs:1' },
      ),
    );
    answers.apply({ question: 1, event: 'done', footer });
    say({ type: 'ready' });
    did = [];
  });

  it('opens a checked place', () => {
    say({ type: 'open', id: 1, citation: 0 });
    expect(did).toEqual(['open file:///w/a.rs 12-14']);
  });

  it('opens nothing that was not checked, or is not there', () => {
    for (const citation of [1, 2, 3, 99]) say({ type: 'open', id: 1, citation });
    say({ type: 'open', id: 2, citation: 0 });
    say({ type: 'open', id: 1, citation: 0, uri: 'file:///etc/passwd' });
    expect(did).toEqual(['open file:///w/a.rs 12-14']);
  });

  it('opens a file that was sent', () => {
    say({ type: 'file', id: 1, file: 0 });
    say({ type: 'file', id: 1, file: 1 });
    expect(did).toEqual(['open file:///w/a.rs 1-1']);
  });

  it('goes on with the thread, or begins a new one', () => {
    expect(panel().posted.at(-1)).toMatchObject({ ask: { label: 'Go on with “Question 1”', answer: 1 } });
    say({ type: 'ask', text: 'and then?', answer: 1 });
    say({ type: 'ask', text: 'something else' });
    expect(did).toEqual(['ask and then? in t7', 'ask something else in undefined']);
  });

  it('goes on with the thread that the box named, also where a newer one has come meanwhile', () => {
    begin(2);
    answers.apply({ question: 2, event: 'done', footer: { ...footer, thread: 't8' } });
    did = [];
    say({ type: 'ask', text: 'and then?', answer: 1 });
    say({ type: 'ask', text: 'and here?', answer: 2 });
    expect(did).toEqual(['ask and then? in t7', 'ask and here? in t8']);
  });

  it('asks nothing where the thread that the box named is gone', async () => {
    say({ type: 'ask', text: 'and then?', answer: 99 });
    await settled();
    expect(did).toEqual([]);
    expect(panel().posted.at(-1)).toEqual({ type: 'asked', text: 'and then?', isTaken: false });
    expect(done).toEqual([['warn', expect.stringContaining('not kept any more')]]);
  });

  it('copies, cancels, reviews', () => {
    say({ type: 'copy', id: 1 });
    say({ type: 'cancel', id: 1 });
    say({ type: 'review', id: 1 });
    expect(clipboard).toEqual(['a.rs:12 b.rs:1 c.rs:1']);
    expect(did).toEqual(['cancel 1', 'review 1']);
  });
});

it('an answer of a server that is gone ends, and nothing can be asked', () => {
  begin();
  say({ type: 'ready' });
  answers.setServer(false);
  answers.serverGone();
  expect(panel().posted).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'answer', shown: expect.objectContaining({ state: 'failed' }) as unknown }),
      expect.objectContaining({ type: 'ask', ask: expect.objectContaining({ isRunning: false }) as unknown }),
    ]),
  );
});

it('a server that is being ended may still say how its answers ended', () => {
  begin(1);
  begin(2);
  answers.setServer(false);
  answers.apply({ question: 1, event: 'done', footer });
  answers.apply({ question: 2, event: 'failed', problem: 'it was cancelled' });
  answers.serverGone();
  expect(answers.conversation.answers.map(({ state, problem }) => [state, problem])).toEqual([
    ['done', undefined],
    ['failed', 'it was cancelled'],
  ]);
});
