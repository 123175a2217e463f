// How long the extension takes to be loaded and activated, without the server's start: the bundle in a process of its own for each
// run, with a `vscode` that does nothing. The target is 100 ms. Prints median and largest of some runs, in ms.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { here } from './bundle.mjs';

const RUNS = 15;
const MOST_MS = 100;
const file = join(here, 'dist', 'extension.js');

/** Answers whatever is done with it: called, made, read. */
function anything() {
  const known = new Map();
  return new Proxy(function () {}, {
    get: (_target, name) => {
      if (name === Symbol.toPrimitive) return () => '0.1.0';
      if (name === 'then') return undefined;
      if (!known.has(name)) known.set(name, anything());
      return known.get(name);
    },
    apply: () => anything(),
    construct: () => anything(),
    set: () => true,
  });
}

function once() {
  // What the bundle imports is copied by name, so the names have to be there.
  const names = readFileSync(join(here, 'node_modules', '@types', 'vscode', 'index.d.ts'), 'utf8').matchAll(
    /^\s+export (?:class|enum|namespace|const) (\w+)/gm,
  );
  const stub = Object.fromEntries([...names].map(([, name]) => [name, anything()]));
  const load = Module._load;
  Module._load = (name, ...rest) => (name === 'vscode' ? stub : load(name, ...rest));
  const context = {
    subscriptions: [],
    secrets: anything(),
    extension: { id: 'tandem-ls.tandem', packageJSON: { version: '0.1.0' } },
    extensionPath: here,
    extensionUri: anything(),
    globalState: { get: () => true },
  };
  const before = performance.now();
  const work = process.cpuUsage();
  createRequire(import.meta.url)(file).activate(context);
  const ms = performance.now() - before;
  const { user, system } = process.cpuUsage(work);
  process.stdout.write(JSON.stringify([ms, (user + system) / 1000]));
  // Before the server's start, which is not measured.
  process.exit(0);
}

if (process.argv[2] === 'once') {
  once();
} else {
  if (!existsSync(file)) throw new Error('npm run bundle comes first');
  const runs = Array.from({ length: RUNS }, () => {
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'once'], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout);
  });
  const sorted = (at) => runs.map((run) => run[at]).sort((one, other) => one - other);
  const [clock, work] = [sorted(0), sorted(1)];
  const middle = Math.floor(RUNS / 2);
  process.stdout.write(
    `load and activate(): median ${clock[middle].toFixed(1)} ms, largest ${clock[RUNS - 1].toFixed(1)} ms of ${RUNS} runs; ` +
      `processor time, median ${work[middle].toFixed(1)} ms\n`,
  );
  // The clock counts other programs of a busy machine, too.
  if (Math.min(clock[middle], work[middle]) > MOST_MS) process.exitCode = 1;
}
