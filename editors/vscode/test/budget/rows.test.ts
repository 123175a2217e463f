// The budget as rows, and limits as people write them.

import { describe, expect, it } from 'vitest';
import { bar, rows } from '../../src/budget/rows';
import { limitProblem } from '../../src/limit';
import type { Budget } from '../../src/protocol';

const budget: Budget = {
  provider: 'anthropic',
  model: 'claude-opus-5-5',
  limits: [
    {
      name: '$20 per month',
      window: 'month',
      subject: 'user',
      unit: 'dollars',
      spent: '$16.90',
      reserved: '$0.40',
      limit: '$20',
      left: '$3.10',
      share: 0.845,
      resetsAt: 1_000,
    },
    {
      name: '200k tokens per request',
      window: 'request',
      subject: 'user',
      unit: 'tokens',
      spent: '0 tokens',
      limit: '200,000 tokens',
      left: '200,000 tokens',
      share: 0,
    },
  ],
  today: { cost: '$0.41', tokens: 51_000, questions: 1 },
};
const time = (ms: number): string => `at ${ms}`;

describe('the budget', () => {
  it('has a bar for each limit', () => {
    const all = rows(budget, time);
    expect(all.map((row) => `${row.label}: ${row.description}`)).toEqual([
      'Cloud model: anthropic, claude-opus-5-5',
      '$20 per month: 85 % ████████░░ $3.10 left',
      '200k tokens per request: 0 % ░░░░░░░░░░ 200,000 tokens left',
      'Today: $0.41, 51,000 tokens, 1 question',
    ]);
    expect(all[1]!.icon).toBe('warning');
    expect(all[1]!.spoken).toBe(
      '$20 per month: $16.90 of $20 used, 85 %, of that $0.40 reserved for answers under way. $3.10 left. Starts again at 1000000',
    );
    expect(all[1]!.spoken).not.toMatch(/[█░]/);
    expect(new Set(all.map((row) => row.id)).size).toBe(all.length);
  });

  it('tells apart what was asked and what was typed', () => {
    const today = { cost: '$0.41', tokens: 51_000, questions: 1, suggestions: 240, suggestionsCost: '$0.19' };
    expect(rows({ ...budget, today }, time).at(-1)!.description).toBe('$0.41, 51,000 tokens, 1 question, 240 suggestions for $0.19');
  });

  it('says why nothing can be asked', () => {
    expect(rows({ isOff: 'there is no monthly limit', limits: [] }, time)).toMatchObject([
      { label: 'No cloud model', description: 'there is no monthly limit', icon: 'info' },
    ]);
  });

  it('is full when it is used up, and not before', () => {
    expect([0, 0.001, 0.5, 0.999, 1, 1.4, -1].map(bar)).toEqual([
      '░░░░░░░░░░',
      '█░░░░░░░░░',
      '█████░░░░░',
      '█████████░',
      '██████████',
      '██████████',
      '░░░░░░░░░░',
    ]);
  });
});

it('a limit is written as the server reads it', () => {
  for (const right of [
    '$20 per month',
    '20 USD/day',
    '$0.50 per request',
    '500000 tokens per day',
    '1.5M tokens per month',
    '$2 per day for workspace',
    '$5 per month for provider openai',
    '$1 per day for suggestions',
  ])
    expect(limitProblem(right), right).toBeUndefined();
  for (const wrong of ['', '20', '$20', '$20 monthly', '-$1 per day', '$20 per year', '$1 per day for', '20 apples per day'])
    expect(limitProblem(wrong), wrong).toBeDefined();
});
