// The server's life, with a world that does what a test says: no process, no clock.

import { beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/server/failure';
import { Lifecycle, type Session, type State, type World } from '../../src/server/lifecycle';
import { WAITS, WINDOW_MS } from '../../src/server/restarts';

class FakeSession implements Session {
  stopped = 0;
  ready: Promise<void>;
  ended: Session['ended'];
  up!: () => void;
  refuse!: (error: Error) => void;
  end!: (code: number | null, signal?: string, lines?: string[]) => void;
  constructor() {
    this.ready = new Promise((resolve, reject) => {
      this.up = resolve;
      this.refuse = reject;
    });
    this.ended = new Promise((resolve) => {
      this.end = (code, signal, lines = []) => resolve({ code, signal: signal ?? null, lastLines: lines });
    });
  }
  stop(): Promise<void> {
    this.stopped++;
    this.end(0);
    return Promise.resolve();
  }
}

let sessions: FakeSession[];
let states: State[];
let slept: number[];
let now: number;
let gone: number;
let world: World;

beforeEach(() => {
  [sessions, states, slept, now, gone] = [[], [], [], 0, 0];
  world = {
    find: () => ({ file: '/bin/tandem', origin: 'path' }),
    askVersion: () => Promise.resolve('tandem 0.1.0\n'),
    launch: () => {
      const session = new FakeSession();
      sessions.push(session);
      return Promise.resolve(session);
    },
    ownVersion: '0.1.3',
    now: () => now,
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    log: () => undefined,
    gone: () => gone++,
  };
});

const made = (): Lifecycle => new Lifecycle(world, (state) => states.push(state));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const names = (): string[] => states.map((state) => state.name);

async function running(lifecycle: Lifecycle): Promise<FakeSession> {
  const done = lifecycle.restart();
  await settled();
  sessions.at(-1)!.up();
  await done;
  return sessions.at(-1)!;
}

function failure(lifecycle: Lifecycle) {
  if (lifecycle.state.name !== 'failed') throw new Error(`it is ${lifecycle.state.name}`);
  return lifecycle.state.failure;
}

describe('a start', () => {
  it('ends in a running server', async () => {
    const lifecycle = made();
    await running(lifecycle);
    expect(lifecycle.state).toEqual({ name: 'running', file: '/bin/tandem', version: '0.1.0' });
    expect(names()).toEqual(['starting', 'running']);
  });

  it('without a program says so', async () => {
    world.find = () => ({ problem: 'notFound', file: 'tandem' });
    const lifecycle = made();
    await lifecycle.restart();
    expect(failure(lifecycle)).toEqual({ kind: 'notFound', file: 'tandem' });
    expect(sessions).toEqual([]);
  });

  it('with another program starts nothing', async () => {
    world.askVersion = () => Promise.resolve('git version 2.39.0');
    const lifecycle = made();
    await lifecycle.restart();
    expect(failure(lifecycle).kind).toBe('notTandem');
    expect(sessions).toEqual([]);
  });

  it('with another version says which is needed', async () => {
    world.askVersion = () => Promise.resolve('tandem 0.2.0');
    const lifecycle = made();
    await lifecycle.restart();
    expect(failure(lifecycle)).toEqual({ kind: 'wrongVersion', file: '/bin/tandem', version: '0.2.0', wanted: '0.1' });
  });

  it('that is not possible on this machine says why', async () => {
    world.askVersion = () => Promise.reject(new Error('it was built for another system'));
    const lifecycle = made();
    await lifecycle.restart();
    expect(explain(failure(lifecycle)).message).toBe('“/bin/tandem” does not run on this machine: it was built for another system.');
  });

  it('that is refused by a server that lives is told, and the server ended', async () => {
    const lifecycle = made();
    const done = lifecycle.restart();
    await settled();
    world.sleep = () => Promise.resolve();
    sessions[0]!.refuse(new Error('it does not answer for 30 s'));
    await done;
    expect(failure(lifecycle).kind).toBe('noStart');
    expect(sessions[0]!.stopped).toBeGreaterThan(0);
  });

  it('is overtaken by a newer one, whose server alone lives', async () => {
    const lifecycle = made();
    let answer!: (text: string) => void;
    world.askVersion = () => new Promise((resolve) => (answer = resolve));
    const first = lifecycle.restart();
    await settled();
    world.askVersion = () => Promise.resolve('tandem 0.1.0');
    const second = lifecycle.restart();
    await settled();
    answer('tandem 0.1.0');
    sessions.at(-1)!.up();
    await Promise.all([first, second]);
    expect(sessions).toHaveLength(1);
    expect(lifecycle.state.name).toBe('running');
  });

  it('stops the server that runs already', async () => {
    const lifecycle = made();
    const first = await running(lifecycle);
    await running(lifecycle);
    expect(first.stopped).toBe(1);
    expect(sessions).toHaveLength(2);
    expect(lifecycle.state.name).toBe('running');
  });
});

describe('the end of a server', () => {
  it('is told when it is over, and the next one starts after that', async () => {
    const lifecycle = made();
    const first = await running(lifecycle);
    let over!: () => void;
    first.stop = () => new Promise((resolve) => (over = resolve));
    const again = [lifecycle.restart(), lifecycle.restart()];
    await settled();
    expect([lifecycle.state.name, gone, sessions.length]).toEqual(['starting', 0, 1]);
    over();
    await settled();
    expect([gone, sessions.length]).toEqual([1, 2]);
    sessions[1]!.up();
    await Promise.all(again);
    expect(lifecycle.state.name).toBe('running');
  });

  it('is told of a crash, too, and once', async () => {
    const lifecycle = made();
    (await running(lifecycle)).end(1);
    await settled();
    expect(gone).toBe(1);
    await lifecycle.stop();
    expect(gone).toBe(2);
  });
});

describe('a crash', () => {
  it('is followed by another start, after a wait', async () => {
    const lifecycle = made();
    const session = await running(lifecycle);
    session.end(null, 'SIGKILL');
    await settled();
    expect(slept).toEqual([WAITS[0]]);
    expect(sessions).toHaveLength(2);
    sessions[1]!.up();
    await settled();
    expect(names()).toEqual(['starting', 'running', 'waiting', 'starting', 'running']);
  });

  it('again and again is left to the user, with what the server said last', async () => {
    const lifecycle = made();
    const done = lifecycle.restart();
    for (let crash = 0; crash <= WAITS.length; crash++) {
      await settled();
      sessions.at(-1)!.end(101, undefined, ['tandem: the disk is full', '']);
      await settled();
    }
    sessions.forEach((session) => session.refuse(new Error('gone')));
    await done;
    expect(slept.filter((ms) => (WAITS as readonly number[]).includes(ms))).toEqual([...WAITS]);
    expect(sessions).toHaveLength(WAITS.length + 1);
    expect(explain(failure(lifecycle))).toEqual({
      message: 'Tandem ended 4 times in a row and is left alone now: exit code 101, tandem: the disk is full.',
      ways: ['restart', 'log', 'choose'],
    });
  });

  it('a day is no loop', async () => {
    const lifecycle = made();
    await running(lifecycle);
    for (let crash = 0; crash < 10; crash++) {
      now += WINDOW_MS + 1;
      sessions.at(-1)!.end(1);
      await settled();
      sessions.at(-1)!.up();
      await settled();
    }
    expect(lifecycle.state.name).toBe('running');
    expect(slept).toEqual(Array(10).fill(WAITS[0]));
  });

  it('does not bring back what the user stopped', async () => {
    const lifecycle = made();
    const session = await running(lifecycle);
    let wake!: () => void;
    world.sleep = () => new Promise((resolve) => (wake = resolve));
    session.end(1);
    await settled();
    await lifecycle.stop();
    wake();
    await settled();
    expect(sessions).toHaveLength(1);
    expect(lifecycle.state.name).toBe('stopped');
  });

  it('is forgotten when the user tries again', async () => {
    const lifecycle = made();
    for (let round = 0; round < 3; round++) {
      await running(lifecycle);
      sessions.at(-1)!.end(1);
      await settled();
    }
    expect(slept).toEqual([WAITS[0], WAITS[0], WAITS[0]]);
  });
});
