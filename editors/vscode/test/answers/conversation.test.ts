// Events as the server sends them, and what becomes of them.

import { describe, expect, it } from 'vitest';
import { Conversation, plainText, rendered } from '../../src/answers/conversation';
import { Patches } from '../../src/answers/patch';
import { shown } from '../../src/answers/words';
import type { AnswerEvent, Footer } from '../../src/protocol';

const footer: Footer = {
  answeredBy: 'anthropic, claude-opus-5-5',
  isCloud: true,
  leftMachine: true,
  routeReason: 'A cloud model answers, since you asked for it.',
  cost: '$0.12',
  costIs: 'counted',
  tokens: { input: 12_345, cached: 10_000, output: 321 },
  files: [{ path: 'src/a.rs', uri: 'file:///w/src/a.rs', bytes: 1_234 }],
  redactions: 2,
  cited: 3,
  unverified: 1,
  elapsedMs: 4_200,
  thread: 't1',
};

function play(...events: AnswerEvent[]): Conversation {
  const conversation = new Conversation();
  for (const event of events) conversation.apply(event);
  return conversation;
}

const begin = (question = 1, title = 'How?'): AnswerEvent => ({ question, event: 'begin', title, kind: 'ask' });
const text = (text: string, question = 1): AnswerEvent => ({ question, event: 'text', text, citations: [] });

describe('an answer', () => {
  it('grows, and ends with its footer', () => {
    const conversation = play(
      begin(),
      { question: 1, event: 'routed', isCloud: true, reason: 'it needs a model' },
      { question: 1, event: 'progress', text: 'sending' },
      text('It is '),
      text('in **a.rs**.'),
      { question: 1, event: 'done', footer },
    );
    const [answer] = conversation.answers;
    expect(answer!.state).toBe('done');
    expect(plainText(answer!)).toBe('It is in **a.rs**.');
    expect(rendered(answer!)).toHaveLength(1);
    expect(conversation.isAnswering).toBe(false);
    expect(shown(answer!)).toEqual({
      id: 1,
      title: 'How?',
      state: 'done',
      progress: '',
      route: 'A cloud model answers, since you asked for it.',
      problem: '',
      footer: [
        ['Answered by', 'anthropic, claude-opus-5-5'],
        ['Cost', '$0.12'],
        ['Tokens', '12,345 in (10,000 cached), 321 out'],
        ['Citations', '3 checked, 1 could not be found'],
        ['Redacted', '2 secrets'],
        ['Time', '4.2 s'],
      ],
      files: [{ name: 'src/a.rs', detail: '1.2 kB', canOpen: true }],
    });
  });

  it('says who answers in the server’s words, and after a refusal who did', () => {
    const routed: AnswerEvent = { question: 1, event: 'routed', isCloud: true, reason: 'A cloud model answers: it needs one.' };
    const conversation = play(begin(), routed);
    expect(shown(conversation.answers[0]!).route).toBe('A cloud model answers: it needs one.');
    const refused: Footer = { ...footer, isCloud: false, leftMachine: false, routeReason: 'The index answers: you said no.' };
    conversation.apply({ question: 1, event: 'done', footer: refused });
    expect(shown(conversation.answers[0]!).route).toBe('The index answers: you said no.');
  });

  it('says why it was allowed less than the settings do', () => {
    const lowered = 'It may have 2,000 tokens, since no more is left of today’s limit.';
    const conversation = play(begin(), { question: 1, event: 'done', footer: { ...footer, lowered } });
    expect(shown(conversation.answers[0]!).footer).toContainEqual(['Limit', lowered]);
  });

  it('finds its citations across pieces', () => {
    const piece = 'and b.rs:2';
    const conversation = play(begin(), text('In a.rs:1 '), {
      question: 1,
      event: 'text',
      text: piece,
      citations: [{ text: 'b.rs:2', at: piece.indexOf('b.rs'), isVerified: true, uri: 'file:///w/b.rs', line: 2 }],
    });
    const [answer] = conversation.answers;
    expect(answer!.citations).toHaveLength(1);
    expect(JSON.stringify(rendered(answer!))).toContain('"citation":0,"text":"b.rs:2","isVerified":true');
  });

  it('has notices where they were said', () => {
    const conversation = play(begin(), { question: 1, event: 'notice', text: 'No model was asked.' }, text('Places:'), {
      question: 1,
      event: 'notice',
      text: 'Two were left out.',
    });
    expect(rendered(conversation.answers[0]!).map((block) => block.tag)).toEqual(['blockquote', 'p', 'blockquote']);
    expect(plainText(conversation.answers[0]!)).toBe('> No model was asked.\n\nPlaces:\n\n> Two were left out.');
  });

  it('that fails says why, and keeps what came', () => {
    const conversation = play(begin(), text('It is'), { question: 1, event: 'failed', problem: 'the provider is overloaded; try again' });
    expect(shown(conversation.answers[0]!).problem).toBe('the provider is overloaded; try again');
    expect(plainText(conversation.answers[0]!)).toBe('It is');
  });

  it('that ended takes nothing more', () => {
    const conversation = play(begin(), { question: 1, event: 'done', footer });
    expect(conversation.apply(text('more'))).toBeUndefined();
    expect(conversation.apply(text('never begun', 9))).toBeUndefined();
  });

  it('is not mixed up with another one', () => {
    const conversation = play(begin(1), begin(2, 'Why?'), text('first', 1), text('second', 2), { question: 1, event: 'done', footer });
    expect(conversation.answers.map(plainText)).toEqual(['first', 'second']);
    expect([conversation.isRunning(1), conversation.isRunning(2)]).toEqual([false, true]);
  });

  it('does not wait for a server that is gone; the next server counts from 1 again', () => {
    const conversation = play(begin(1), text('half'));
    expect(conversation.serverGone()).toHaveLength(1);
    expect(conversation.answers[0]!.problem).toMatch('ended before');
    conversation.apply(begin(1, 'Again?'));
    conversation.apply(text('whole'));
    expect(conversation.answers.map(plainText)).toEqual(['half', 'whole']);
  });

  it('proposes changes and says what hinders them', () => {
    const diff = {
      text: '--- a\n+++ b',
      problems: ['a.rs has changed'],
      files: [
        { path: 'a.rs', uri: 'file:///w/a.rs' },
        { path: 'b.rs', uri: 'file:///w/b.rs' },
      ],
    };
    const conversation = play(begin(), { question: 1, event: 'done', footer: { ...footer, diff } });
    expect(shown(conversation.answers[0]!).change).toEqual({ label: 'Review change of 2 files', problems: ['a.rs has changed'] });
  });

  it('that is endless is cut, and says so', () => {
    const conversation = play(begin());
    for (let piece = 0; piece < 30; piece++) conversation.apply(text('x'.repeat(100_000)));
    const answer = conversation.answers[0]!;
    expect(plainText(answer)).toHaveLength(2_000_000);
    expect(JSON.stringify(rendered(answer).at(-1))).toContain('longer than what is shown');
  });

  it('is forgotten after many others, unless it still runs', () => {
    const conversation = play(begin(0, 'runs'));
    for (let question = 1; question <= 60; question++) {
      conversation.apply(begin(question));
      conversation.apply({ question, event: 'done', footer });
    }
    expect(conversation.answers).toHaveLength(50);
    expect(conversation.answers[0]!.title).toBe('runs');
    expect(conversation.answers.at(-1)!.question).toBe(60);
  });
});

describe('the view', () => {
  it('is sent the blocks that changed, from the first of them', () => {
    const patches = new Patches();
    const conversation = play(begin(), text('one\n\ntwo'));
    const answer = conversation.answers[0]!;
    expect(patches.next(1, rendered(answer))).toMatchObject({ from: 0, blocks: [{ tag: 'p' }, { tag: 'p' }] });
    expect(patches.next(1, rendered(answer))).toBeUndefined();
    conversation.apply(text(' more'));
    expect(patches.next(1, rendered(answer))).toMatchObject({ from: 1, blocks: [{ tag: 'p', children: [{ text: 'two more' }] }] });
    patches.forget();
    expect(patches.next(1, rendered(answer))?.from).toBe(0);
  });

  it('is told of blocks that are gone', () => {
    const patches = new Patches();
    const one = { tag: 'p' as const, children: [{ text: 'a' }] };
    patches.next(1, [one, { tag: 'hr', children: [] }]);
    expect(patches.next(1, [one])).toEqual({ from: 1, blocks: [] });
  });
});
