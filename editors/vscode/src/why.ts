// The account of a suggestion as a document to read. Pure: what the server says in, Markdown out. It holds source text.

import { latency, percent, source } from './status/words';

/** `tandem/why`, as far as it is shown. */
export interface Why {
  trigger: string;
  prompt: string | null;
  tokens: {
    prompt: number;
    bySource: { source: string; tokens: number }[];
    reused: number;
    evaluated: number;
    generated: number;
    drafted: number;
    accepted: number;
  } | null;
  raw: string | null;
  lookup: { text: string; confidence: number } | null;
  context: { path: string; name: string; score: number; isShown: boolean }[];
  gate: {
    threshold: number;
    verdicts: { text: string; source: string; probability: number; contributions: { feature: string; value: number; logOdds: number }[] }[];
  } | null;
  stages: { name: string; ms: number }[];
  notes: string[];
  decision: { shown?: Shown; hidden?: Hidden } | Shown | Hidden;
}

interface Shown {
  suggestions: { text: string; source: string; confidence: number }[];
  fromMemory: boolean;
}

interface Hidden {
  reason: string;
  sentence: string;
}

/** Reasons of the gate that are listed for each suggestion. */
const MOST_REASONS = 6;

export function whyText(why: Why, place: string): string {
  const parts = [`# ${place}`, ''];
  const { shown, hidden } = decision(why.decision);
  if (hidden !== undefined) parts.push(`**Nothing is shown:** ${hidden.sentence}`, '');
  for (const suggestion of shown?.suggestions ?? []) {
    parts.push(
      `**Shown**, written by ${source(suggestion.source)}${shown?.fromMemory === true ? ', from memory' : ''}:`,
      '',
      fenced(suggestion.text),
      '',
    );
  }
  for (const note of why.notes) parts.push(`* ${note}`);
  if (why.notes.length > 0) parts.push('');
  if (why.gate !== null) {
    parts.push('## How sure', '', `Shown from ${percent(why.gate.threshold)} on.`, '');
    for (const verdict of why.gate.verdicts) {
      parts.push(`* ${percent(verdict.probability)}: ${code(verdict.text.split('\n')[0] ?? '')}, written by ${source(verdict.source)}`);
      for (const one of verdict.contributions.slice(0, MOST_REASONS)) {
        parts.push(`  * ${one.feature} ${round(one.value)}: ${one.logOdds >= 0 ? '+' : '−'}${round(Math.abs(one.logOdds))}`);
      }
    }
    parts.push('');
  }
  if (why.context.length > 0) {
    parts.push('## Definitions that were considered', '');
    for (const one of why.context) parts.push(`* ${code(one.name)} in ${code(one.path)}${one.isShown ? ', in the prompt' : ''}`);
    parts.push('');
  }
  if (why.stages.length > 0) {
    parts.push('## Time', '', ...why.stages.map((stage) => `* ${stage.name}: ${latency(stage.ms)}`), '');
  }
  if (why.tokens !== null) {
    const { tokens } = why;
    parts.push(
      '## Tokens',
      '',
      `${tokens.prompt} in the prompt (${tokens.reused} in the cache, ${tokens.evaluated} evaluated), ${tokens.generated} written, ${tokens.accepted} of ${tokens.drafted} guesses right.`,
      '',
    );
    parts.push(...tokens.bySource.map((share) => `* ${share.source}: ${share.tokens}`), '');
  }
  if (why.lookup !== null) parts.push(`## What lookup wrote (${percent(why.lookup.confidence)} sure)`, '', fenced(why.lookup.text), '');
  if (why.raw !== null) parts.push('## What the model wrote', '', fenced(why.raw), '');
  if (why.prompt !== null) parts.push('## The prompt', '', fenced(why.prompt), '');
  return `${parts.join('\n').trimEnd()}\n`;
}

function decision(decision: Why['decision']): { shown?: Shown; hidden?: Hidden } {
  if ('suggestions' in decision) return { shown: decision };
  if ('sentence' in decision) return { hidden: decision };
  return decision;
}

/** In a fence that nothing inside can close. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/^[ \t]*(`+)/gm)].map((match) => match[1]?.length ?? 0));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.replace(/\r\n?/g, '\n').replace(/\n$/, '')}\n${fence}`;
}

function code(text: string): string {
  return `\`${text.replace(/`/g, "'")}\``;
}

function round(number: number): string {
  return String(Math.round(number * 100) / 100);
}
