// What goes between the extension and its view. The view is told what to show and never where a citation leads; it says which one was
// chosen. What comes back from it is checked like anything from outside.

import type { Element } from './tree';

export interface Shown {
  id: number;
  title: string;
  state: 'running' | 'done' | 'failed';
  /** What goes on, while it runs. */
  progress: string;
  /** Why it is answered there. */
  route: string;
  problem: string;
  /** Label and value, in order. */
  footer: [label: string, value: string][];
  files: { name: string; detail: string; canOpen: boolean }[];
  /** What can be done with its proposed change; absent without one. */
  change?: { label: string; problems: string[] };
}

export type ToView =
  | { type: 'reset'; answers: { shown: Shown; blocks: Element[] }[]; ask: AskState; draft: string }
  | { type: 'answer'; shown: Shown }
  /** Blocks from this index on are these. */
  | { type: 'blocks'; id: number; from: number; blocks: Element[] }
  | { type: 'ask'; ask: AskState }
  | { type: 'remove'; id: number }
  /** What became of words that were sent. */
  | { type: 'asked'; text: string; isTaken: boolean }
  /** The Escape key, which the editor takes before the page can act on it. */
  | { type: 'escape' }
  | { type: 'focus' };

/** What the box at the end of the view does. */
export interface AskState {
  label: string;
  /** The answer that the label is made of, and that is gone on with. */
  answer?: number;
  /** A thread can be gone on with, so that it makes sense to ask for a new one. */
  hasThread: boolean;
  isRunning: boolean;
}

export type FromView =
  | { type: 'ready' }
  | { type: 'open'; id: number; citation: number }
  | { type: 'file'; id: number; file: number }
  | { type: 'cancel' | 'copy' | 'review'; id: number }
  /** `answer`: the one that the box said it goes on with. */
  | { type: 'ask'; text: string; answer?: number }
  | { type: 'draft'; text: string };

/** The message, or undefined where it is none. */
export function read(message: unknown): FromView | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const fields = message as Record<string, unknown>;
  const index = (name: string): number =>
    Number.isSafeInteger(fields[name]) && (fields[name] as number) >= 0 ? (fields[name] as number) : -1;
  const id = index('id');
  switch (fields['type']) {
    case 'ready':
      return { type: 'ready' };
    case 'open':
      return id < 0 || index('citation') < 0 ? undefined : { type: 'open', id, citation: index('citation') };
    case 'file':
      return id < 0 || index('file') < 0 ? undefined : { type: 'file', id, file: index('file') };
    case 'cancel':
    case 'copy':
    case 'review':
      return id < 0 ? undefined : { type: fields['type'], id };
    case 'ask':
      if (typeof fields['text'] !== 'string' || (fields['answer'] !== undefined && index('answer') < 0)) return undefined;
      return { type: 'ask', text: fields['text'], ...(fields['answer'] === undefined ? {} : { answer: index('answer') }) };
    case 'draft':
      return typeof fields['text'] === 'string' ? { type: 'draft', text: fields['text'].slice(0, 32_000) } : undefined;
    default:
      return undefined;
  }
}
