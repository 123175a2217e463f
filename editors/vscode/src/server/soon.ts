// A restart that a changed setting or key asks for: not at once, and not while a question is being answered, which may have been paid for.
// No `vscode` here, and no clock.

/** Several settings change together when a file of settings is saved, in ms. */
export const SETTLE_MS = 500;

export interface Around {
  isAnswering(): boolean;
  restart(): void;
  /** Says that the restart waits. True where the user does not want to wait. */
  tell(): Promise<boolean>;
  /** Calls back after so many ms; what it returns takes that back. */
  later(call: () => void, ms: number): () => void;
}

export class RestartSoon {
  private takeBack: (() => void) | undefined;
  private isWaiting = false;

  constructor(private readonly around: Around) {}

  /** Something changed that the server hears of only when it starts. */
  wanted(): void {
    this.takeBack?.();
    this.takeBack = this.around.later(() => this.due(), SETTLE_MS);
  }

  /** No question is being answered any more. */
  answered(): void {
    if (this.isWaiting) this.restart();
  }

  /** The server starts anew without this, and hears of every change by it. */
  forget(): void {
    this.isWaiting = false;
  }

  dispose(): void {
    this.takeBack?.();
    this.isWaiting = false;
  }

  private due(): void {
    this.takeBack = undefined;
    if (!this.around.isAnswering()) return this.restart();
    if (this.isWaiting) return;
    this.isWaiting = true;
    void this.around.tell().then((isNow) => {
      if (isNow && this.isWaiting) this.restart();
    });
  }

  private restart(): void {
    this.isWaiting = false;
    this.around.restart();
  }
}
