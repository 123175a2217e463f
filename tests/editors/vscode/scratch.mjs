// The scratch directory of one run: a home, a workspace with real source files, and the processes that belong to it.

import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

import * as check from './check.mjs';

function given(variable) {
  return check.truthy(process.env[variable], `${variable} is not set: run this by tests/editors/run.sh`);
}

/** Absolute paths, set by run.sh. */
export const directory = given('EDITOR_TEST_SCRATCH');
export const repository = given('EDITOR_TEST_REPOSITORY');
export const tandem = fs.realpathSync(given('EDITOR_TEST_BINARY'));
/** Where scripts/get-code-server.sh put its programs. */
export const programs = given('EDITOR_TEST_CODE_SERVER');
/** The extension's package. */
export const vsix = given('EDITOR_TEST_VSIX');

export function read(file) {
  return fs.readFileSync(file, 'utf8');
}

export function write(file, text, mode) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
  return file;
}

/**
 * Makes a home and a workspace for one editor. `PATH` begins with a folder in which `tandem` records what it and the editor
 * tell each other; `settings` are variables as Tandem reads them, seen by it alone.
 */
export function makeHome(name, settings = {}) {
  // Other editors' homes lie in the same directory.
  const home = path.join(directory, 'code', name);
  const environment = {
    HOME: home,
    XDG_CONFIG_HOME: `${home}/config`,
    XDG_CACHE_HOME: `${home}/cache`,
    XDG_DATA_HOME: `${home}/data`,
    XDG_STATE_HOME: `${home}/state`,
    XDG_RUNTIME_DIR: `${home}/run`,
    PATH: `${home}/bin:${process.env.PATH}`,
    SHELL: '/bin/sh',
    LC_ALL: 'C.UTF-8',
  };
  for (const leaf of ['config', 'cache', 'data', 'state', 'run', 'wire']) {
    fs.mkdirSync(`${home}/${leaf}`, { recursive: true, mode: 0o700 });
  }
  // VS Code asks a login shell for the path.
  write(`${home}/.profile`, `PATH='${environment.PATH}'\n`);
  setVariables(home, settings);
  const workspace = `${home}/workspace`;
  fs.mkdirSync(`${workspace}/.git`, { recursive: true });
  const examples = `${repository}/tests/editors/workspace`;
  for (const file of fs.readdirSync(examples)) fs.copyFileSync(`${examples}/${file}`, `${workspace}/${file}`);
  return { home, environment, workspace, binary: `${home}/bin/tandem` };
}

/** What the next server of this home finds in its environment. */
export function setVariables(home, settings) {
  const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(settings).map(([variable, value]) => `export ${variable}=${quote(value)}`);
  const recorder = [`${programs}/bin/node`, `${repository}/tests/editors/vscode/recorder.mjs`, `${home}/wire`, tandem];
  const text = ['#!/bin/sh', ...lines, `exec ${recorder.map(quote).join(' ')} "$@"`, ''].join('\n');
  write(`${home}/bin/tandem`, text, 0o755);
}

/** Ids and commands of running processes that were started from the given home; with `program`, of that program alone. */
export function processes(home, program) {
  const found = new Map();
  for (const id of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(id) || Number(id) === process.pid) continue;
    try {
      if (program && fs.readlinkSync(`/proc/${id}/exe`) !== program) continue;
      const variables = fs.readFileSync(`/proc/${id}/environ`, 'utf8').split('\0');
      if (!variables.includes(`HOME=${home}`)) continue;
      found.set(Number(id), fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // It ended while it was looked at, or belongs to somebody else.
    }
  }
  return found;
}

export async function waitUntilGone(home, program) {
  await check.wait(
    'every process to end',
    () => processes(home, program).size === 0,
    () => processes(home, program),
  );
}

/** Runs the tested binary in the home's environment and returns what it prints. */
export function run(home, ...words) {
  const result = spawnSync(tandem, words, { env: { ...process.env, ...home.environment }, encoding: 'utf8' });
  return { code: result.status, out: result.stdout, problem: result.stderr };
}

/** The totals that `tandem stats` tells of a home; undefined while there is nothing. */
export function totals(home) {
  const ended = run(home, 'stats', '--json');
  check.truthy(ended.code <= 1, `tandem stats: ${ended.problem}`);
  return ended.code === 0 ? JSON.parse(ended.out).total : undefined;
}
