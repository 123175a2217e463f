// How often a server that dies is started again, and after which waits. Then the user is asked: a program that cannot live should
// not use the processor up.

/** Milliseconds before the first, second and third start. */
export const WAITS = [500, 2_000, 8_000] as const;
/** Crashes older than this do not count: a crash a day is no loop. */
export const WINDOW_MS = 180_000;

export class Restarts {
  private crashes: number[] = [];

  /** Milliseconds to wait before the next start, or undefined where the user is to decide. */
  crashed(now: number): number | undefined {
    this.crashes = this.crashes.filter((at) => now - at < WINDOW_MS);
    this.crashes.push(now);
    return WAITS[this.crashes.length - 1];
  }

  /** Crashes that count now. */
  get count(): number {
    return this.crashes.length;
  }

  /** The user wants another try. */
  forget(): void {
    this.crashes = [];
  }
}
