// The account of a suggestion, and the words around a question.

import { expect, it } from 'vitest';
import { problemOf, subjectLabel, titleOf } from '../src/question';
import { fenced, type Why, whyText } from '../src/why';

const why: Why = {
  trigger: 'automatic',
  prompt: '<fim_prefix>a ``` b',
  tokens: { prompt: 100, bySource: [{ source: 'prefix', tokens: 90 }], reused: 80, evaluated: 20, generated: 5, drafted: 4, accepted: 3 },
  raw: 'let x = 1;',
  lookup: null,
  context: [{ path: 'src/a.rs', name: 'A.b', score: 2, isShown: true }],
  gate: {
    threshold: 0.5,
    verdicts: [
      { text: 'let x', source: 'model', probability: 0.82, contributions: [{ feature: 'confidence', value: -0.5, logOdds: -0.25 }] },
    ],
  },
  stages: [{ name: 'model', ms: 12.3 }],
  notes: ['the index is being built'],
  decision: { shown: { suggestions: [{ text: 'let x = 1;', source: 'model', confidence: 0.8 }], fromMemory: false } },
};

it('the account of a suggestion is a document to read', () => {
  const text = whyText(why, 'a.rs:3:4');
  for (const part of [
    '# a.rs:3:4',
    '**Shown**, written by the model:',
    '* 82 %: `let x`, written by the model',
    '  * confidence -0.5: −0.25',
    '* `A.b` in `src/a.rs`, in the prompt',
    '* model: 12 ms',
    '100 in the prompt (80 in the cache, 20 evaluated), 5 written, 3 of 4 guesses right.',
    '* the index is being built',
  ]) {
    expect(text).toContain(part);
  }
});

it('the account of silence says why', () => {
  const silent: Why = {
    ...why,
    prompt: null,
    tokens: null,
    raw: null,
    gate: null,
    context: [],
    stages: [],
    notes: [],
    decision: { hidden: { reason: 'paused', sentence: 'suggestions are paused' } },
  };
  expect(whyText(silent, 'here')).toBe('# here\n\n**Nothing is shown:** suggestions are paused\n');
  expect(whyText({ ...silent, decision: { reason: 'paused', sentence: 'suggestions are paused' } }, 'here')).toContain(
    'suggestions are paused',
  );
});

it('nothing in a text closes its fence', () => {
  expect(fenced('a\n````\nb')).toBe('`````\na\n````\nb\n`````');
  expect(fenced('plain\n')).toBe('```\nplain\n```');
});

it('a question has words, and not too many', () => {
  expect(problemOf(' why? ')).toBeUndefined();
  expect(problemOf('  ')).toBe('Write a question.');
  expect(problemOf('ä'.repeat(16_001))).toBe('A question has at most 32000 bytes; this one has 32002.');
});

it('a question says what it is about', () => {
  expect(titleOf({ subject: 'here' }, true, false)).toBe('Ask about the selection');
  expect(titleOf({ subject: 'file' }, false, true)).toBe('Show what a question about this file would send');
  expect(subjectLabel('here', false)).toBe('what is at the cursor');
});
