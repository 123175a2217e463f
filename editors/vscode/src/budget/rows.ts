// The budget as rows of a tree: a line of what holds, a bar for each limit, what was spent today. Pure.

import { grouped } from '../answers/words';
import type { Budget, Limit } from '../protocol';
import { percent } from '../status/words';

/** Characters; a side bar is narrow. */
const WIDTH = 10;

export interface Row {
  /** Stable, so that the tree keeps what is selected. */
  id: string;
  label: string;
  description: string;
  tooltip: string;
  /** What a screen reader says instead of the bar. */
  spoken: string;
  icon: 'none' | 'info' | 'fine' | 'warning' | 'full' | 'today';
}

/** `█████░░░░░`. What is used at all shows, and only what is all used is full. */
export function bar(share: number): string {
  const exact = Math.min(1, Math.max(0, share)) * WIDTH;
  const filled = share > 0 && exact < 1 ? 1 : exact > WIDTH - 1 && share < 1 ? WIDTH - 1 : Math.round(exact);
  return '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
}

/** `time`: how a moment is written, from milliseconds since 1970. */
export function rows(budget: Budget, time: (ms: number) => string): Row[] {
  const all: Row[] = [];
  if (budget.isOff !== undefined) {
    all.push({
      id: 'off',
      label: 'No cloud model',
      description: budget.isOff,
      tooltip: budget.isOff,
      spoken: `No cloud model can be asked: ${budget.isOff}`,
      icon: 'info',
    });
  } else if (budget.provider !== undefined) {
    const who = [budget.provider, budget.model].filter(Boolean).join(', ');
    all.push({ id: 'model', label: 'Cloud model', description: who, tooltip: who, spoken: `Cloud model: ${who}`, icon: 'info' });
  }
  budget.limits.forEach((limit, at) => all.push(limitRow(limit, at, time)));
  if (budget.today !== undefined) {
    const { cost, tokens, questions, suggestions, suggestionsCost } = budget.today;
    const typed = suggestions === undefined ? '' : `, ${grouped(suggestions)} suggestions for ${suggestionsCost ?? '?'}`;
    const what = `${cost}, ${grouped(tokens)} tokens, ${questions === 1 ? '1 question' : `${grouped(questions)} questions`}${typed}`;
    all.push({
      id: 'today',
      label: 'Today',
      description: what,
      tooltip: `Spent since the day began: ${what}`,
      spoken: `Today: ${what}`,
      icon: 'today',
    });
  }
  return all;
}

function limitRow(limit: Limit, at: number, time: (ms: number) => string): Row {
  const share = percent(limit.share);
  const reserved = limit.reserved === undefined ? '' : `, of that ${limit.reserved} reserved for answers under way`;
  const resets = limit.resetsAt === undefined ? '' : `Starts again ${time(limit.resetsAt * 1000)}`;
  const lines = [
    limit.name,
    `${limit.spent} of ${limit.limit} used (${share})${reserved}`,
    `${limit.left} left`,
    `Counts: ${limit.subject}`,
    resets,
  ];
  return {
    id: `limit-${at}`,
    label: limit.name,
    description: `${share} ${bar(limit.share)} ${limit.left} left`,
    tooltip: lines.filter((line) => line !== '').join('\n'),
    spoken: `${limit.name}: ${limit.spent} of ${limit.limit} used, ${share}${reserved}. ${limit.left} left. ${resets}`.trim(),
    icon: limit.share >= 1 ? 'full' : limit.share >= 0.8 ? 'warning' : 'fine',
  };
}
