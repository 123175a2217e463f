// What of an answer is new for the view. A stream changes its last blocks; sending all of them again, ten times a second, would make
// the view lose selection and focus.

import type { Element } from './tree';

export class Patches {
  private readonly sent = new Map<number, string[]>();

  /** The blocks from the first that differs on, or undefined where none does. */
  next(id: number, blocks: readonly Element[]): { from: number; blocks: Element[] } | undefined {
    const now = blocks.map((block) => JSON.stringify(block));
    const before = this.sent.get(id) ?? [];
    let from = 0;
    while (from < now.length && now[from] === before[from]) from++;
    if (from === now.length && before.length === now.length) return undefined;
    this.sent.set(id, now);
    return { from, blocks: blocks.slice(from) };
  }

  /** The view has lost everything, or this answer. */
  forget(id?: number): void {
    if (id === undefined) this.sent.clear();
    else this.sent.delete(id);
  }
}
