// The server's life: found, checked, started, started again when it dies, left alone when it cannot live. What it does to the world
// goes through `World`, so that every path can be tried without a process. Of all operations the newest counts: what an older
// one brings about later is dropped.

import type { Found } from './binary';
import { ending, type Failure } from './failure';
import { Restarts } from './restarts';
import { judge } from './version';

/** One running server with the client that talks to it. */
export interface Session {
  /** Resolves when the server has answered `initialize`; rejects where it did not. */
  ready: Promise<void>;
  /** Resolves when its process has ended, whyever. */
  ended: Promise<{ code: number | null; signal: string | null; lastLines: readonly string[] }>;
  /** Ends it in an orderly way. Never rejects. */
  stop(): Promise<void>;
}

export interface World {
  find(): Found;
  /** What the program says of its version. Rejects where it cannot be run. */
  askVersion(file: string): Promise<string>;
  /** Starts the process. Rejects where it cannot be. */
  launch(file: string): Promise<Session>;
  /** A session is over, and all that it had to say was said. */
  gone(): void;
  ownVersion: string;
  now(): number;
  sleep(ms: number): Promise<void>;
  log(line: string): void;
}

export type State =
  | { name: 'stopped' }
  | { name: 'starting' }
  | { name: 'running'; file: string; version: string }
  /** It died and is started again in so many ms. */
  | { name: 'waiting'; ms: number }
  | { name: 'failed'; failure: Failure };

export class Lifecycle {
  state: State = { name: 'stopped' };
  private session: Session | undefined;
  private ending: Promise<void> | undefined;
  private generation = 0;
  private readonly restarts = new Restarts();

  constructor(
    private readonly world: World,
    private readonly changed: (state: State) => void,
  ) {}

  /** Starts the server, or starts it anew with what the settings say now. Never rejects: `state` tells how it went. */
  async restart(): Promise<void> {
    this.restarts.forget();
    await this.begin();
  }

  async stop(): Promise<void> {
    this.generation += 1;
    await this.end();
    this.set({ name: 'stopped' });
  }

  private async begin(): Promise<void> {
    const generation = ++this.generation;
    const isCurrent = () => this.generation === generation;
    this.set({ name: 'starting' });
    await this.end();
    if (!isCurrent()) return;

    const found = this.world.find();
    if ('problem' in found) return this.fail({ kind: found.problem, file: found.file });
    const { file } = found;
    let version: string;
    try {
      const verdict = judge(await this.world.askVersion(file), this.world.ownVersion);
      if (!isCurrent()) return;
      if ('problem' in verdict) {
        const { problem: kind, ...more } = verdict;
        return this.fail({ kind, file, ...more } as Failure);
      }
      ({ version } = verdict);
    } catch (error) {
      if (isCurrent()) this.fail({ kind: 'cannotRun', file, reason: message(error) });
      return;
    }

    let session: Session;
    try {
      session = await this.world.launch(file);
    } catch (error) {
      if (isCurrent()) this.fail({ kind: 'cannotRun', file, reason: message(error) });
      return;
    }
    if (!isCurrent()) return session.stop();
    this.session = session;
    void this.watch(session, file, isCurrent);
    try {
      await session.ready;
    } catch (error) {
      // A process that ends says more than the connection that breaks because of it; `watch` speaks for it.
      this.world.log(`initialize: ${message(error)}`);
      if ((await Promise.race([session.ended, this.world.sleep(1_000)])) === undefined && isCurrent()) {
        this.fail({ kind: 'noStart', file, reason: message(error) });
        await this.end();
      }
      return;
    }
    if (isCurrent() && this.state.name === 'starting') this.set({ name: 'running', file, version });
  }

  private async watch(session: Session, file: string, isCurrent: () => boolean): Promise<void> {
    const { code, signal, lastLines } = await session.ended;
    if (!isCurrent() || this.session !== session) return;
    const reason = ending(code, signal, lastLines);
    this.world.log(`the server has ended: ${reason}`);
    // The client's half of the broken connection.
    await this.end();
    if (!isCurrent()) return;
    const wait = this.restarts.crashed(this.world.now());
    if (wait === undefined) return this.fail({ kind: 'crashLoop', file, times: this.restarts.count, reason });
    this.set({ name: 'waiting', ms: wait });
    await this.world.sleep(wait);
    if (isCurrent()) await this.begin();
  }

  private async end(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    // Until it is over it may tell how its last answers ended; the next one, whose numbers begin anew, starts after that.
    if (session !== undefined) this.ending = session.stop().then(() => this.world.gone());
    await this.ending;
  }

  private fail(failure: Failure): void {
    this.set({ name: 'failed', failure });
  }

  private set(state: State): void {
    this.state = state;
    this.changed(state);
  }
}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
