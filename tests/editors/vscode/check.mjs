// Cases, waiting and reporting for the tests that drive VS Code: the same lines as tests/editors/check.lua prints. No test
// sleeps: each waits until what it wants to see is there.

import { isDeepStrictEqual, inspect } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';

/** ms. How long anything may take on a busy machine. Nothing is slower when it passes. */
export const patience = Number(process.env.EDITOR_TEST_PATIENCE_MS) || 30_000;

let failed = 0;
const only = process.env.EDITOR_TEST_ONLY && new RegExp(process.env.EDITOR_TEST_ONLY);

/** Called with the case's name when a case has failed: to keep what the screen showed. */
export const onFailure = [];

export function note(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs one case. An error in it is its failure, and the next case runs all the same. */
export async function testCase(name, body) {
  if (only && !only.test(name)) return;
  const started = performance.now();
  try {
    await body();
    note(`ok ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failed += 1;
    note(`FAILED ${name}\n    ${String(error?.stack ?? error).replaceAll('\n', '\n    ')}`);
    for (const keep of onFailure) await keep(name).catch((problem) => note(`    ${problem}`));
  }
}

/** Waits until `probe` returns something true and returns that. `describe` is called for the message when it never does. */
export async function wait(what, probe, describe) {
  const end = performance.now() + patience;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) {
      const state = describe ? `; now: ${inspect(await describe(), { depth: 5, maxStringLength: 2000 })}` : '';
      throw new Error(`waited ${patience / 1000} s in vain for ${what}${state}`);
    }
    await pause(10);
  }
}

export function equal(expected, actual, what) {
  if (!isDeepStrictEqual(expected, actual)) {
    throw new Error(`${what ?? 'not equal'}:\n  expected ${inspect(expected)}\n  got      ${inspect(actual)}`);
  }
}

export function truthy(value, what) {
  if (!value) throw new Error(what);
  return value;
}

/** Ends the script; its exit status says whether every case passed. */
export function finish() {
  process.exit(failed === 0 ? 0 : 1);
}
