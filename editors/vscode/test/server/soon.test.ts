// A restart that waits for a question.

import { beforeEach, expect, it } from 'vitest';
import { RestartSoon, SETTLE_MS } from '../../src/server/soon';

let isAnswering: boolean;
let restarts: number;
let told: ((isNow: boolean) => void)[];
let timers: { call: () => void; ms: number }[];
let soon: RestartSoon;

beforeEach(() => {
  [isAnswering, restarts, told, timers] = [false, 0, [], []];
  soon = new RestartSoon({
    isAnswering: () => isAnswering,
    restart: () => restarts++,
    tell: () => new Promise((resolve) => told.push(resolve)),
    later: (call, ms) => {
      const timer = { call, ms };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  });
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
function pass(): void {
  const due = timers;
  timers = [];
  for (const { call } of due) call();
}

it('several changes are one restart', () => {
  soon.wanted();
  soon.wanted();
  expect(timers.map(({ ms }) => ms)).toEqual([SETTLE_MS]);
  pass();
  expect(restarts).toBe(1);
  soon.answered();
  expect(restarts).toBe(1);
});

it('a question that runs is not ended by it; that it waits is said once', () => {
  isAnswering = true;
  soon.wanted();
  pass();
  soon.wanted();
  pass();
  expect([restarts, told.length]).toEqual([0, 1]);
  isAnswering = false;
  soon.answered();
  soon.answered();
  expect(restarts).toBe(1);
});

it('the user need not wait', async () => {
  isAnswering = true;
  soon.wanted();
  pass();
  told[0]!(true);
  await settled();
  expect(restarts).toBe(1);
  soon.answered();
  expect(restarts).toBe(1);
});

it('a message that is answered late, or closed, restarts nothing', async () => {
  isAnswering = true;
  soon.wanted();
  pass();
  soon.wanted();
  told[0]!(false);
  await settled();
  expect(restarts).toBe(0);
  soon.forget();
  told[0]!(true);
  soon.answered();
  await settled();
  expect(restarts).toBe(0);
});

it('nothing comes after the end', () => {
  soon.wanted();
  soon.dispose();
  pass();
  expect(restarts).toBe(0);
});
