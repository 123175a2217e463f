// Installs what package-lock.json names, where that is not installed already: the one rule for all who need it (check.sh, the packages,
// the tests in an editor).
//
//   node scripts/install.mjs               with the npm on PATH
//   node scripts/install.mjs --npm FILE    with npm's own script, where its node is not on PATH
//
// Ends with 0 where all is there, with 3 where npm or the registry cannot be reached, with 1 for everything else: a list that does not
// belong to package.json, a package that is not the one that the list means. An installation that works stays until a new one is whole.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const INSTALLED = 0;
export const WRONG = 1;
export const UNREACHABLE = 3;

const LISTS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
/** What npm, node and the system call a registry that does not answer. */
const NO_NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|EAI_FAIL|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EPIPE|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b/;

/** Why the list is not this package's, or undefined. */
export function mismatch(manifest, lock) {
  const root = lock?.packages?.[''];
  if (root === undefined) return 'package-lock.json is no list of packages';
  for (const list of LISTS) {
    const [wanted, locked] = [manifest[list] ?? {}, root[list] ?? {}];
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(locked)])) {
      if (wanted[name] !== locked[name])
        return `package.json has ${name} ${wanted[name] ?? 'not'}, package-lock.json ${locked[name] ?? 'not'}: npm install`;
    }
  }
  return undefined;
}

/**
 * Whether npm's own note of what it installed (node_modules/.package-lock.json) says the same as the list. Packages for other systems
 * may be missing.
 */
export function agrees(lock, note) {
  const installed = note?.packages ?? {};
  const wanted = Object.entries(lock.packages).filter(([place]) => place !== '');
  const same = (one, other) => one.version === other.version && one.integrity === other.integrity;
  return (
    wanted.every(([place, one]) => (installed[place] === undefined ? one.optional === true : same(one, installed[place]))) &&
    Object.keys(installed).every((place) => place in lock.packages)
  );
}

/** What npm's failure means, from what it wrote. */
export function verdict(output) {
  const code = /^npm (?:error|ERR!) code (\S+)/m.exec(output)?.[1];
  // The code decides: what else is written may name a retry that helped.
  return NO_NETWORK.test(code ?? output) ? UNREACHABLE : WRONG;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `{ code, said }`. `npm`: a program and its first arguments. */
export function install(folder, npm) {
  const lock = read(join(folder, 'package-lock.json'));
  const wrong = mismatch(read(join(folder, 'package.json')) ?? {}, lock);
  if (wrong !== undefined) return { code: WRONG, said: wrong };
  const modules = join(folder, 'node_modules');
  const isThere = (where) => agrees(lock, read(join(where, '.package-lock.json')));
  if (isThere(modules)) return { code: INSTALLED, said: '' };

  // Beside the old one, on the same disk: `npm ci` begins by deleting what is there.
  const scratch = mkdtempSync(join(folder, '.install-'));
  try {
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(folder, name), join(scratch, name));
    if (existsSync(join(folder, '.npmrc'))) copyFileSync(join(folder, '.npmrc'), join(scratch, '.npmrc'));
    const [program, ...first] = npm;
    const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    const result = spawnSync(program, [...first, ...options], { cwd: scratch, encoding: 'utf8', shell: program === 'npm.cmd' });
    if (result.error !== undefined) return { code: UNREACHABLE, said: `npm cannot be run: ${result.error.message}` };
    const said = `${result.stdout}${result.stderr}`.trim();
    if (result.status !== 0) return { code: verdict(said), said };
    const made = join(scratch, 'node_modules');
    if (!isThere(made)) return { code: WRONG, said: 'npm has installed something else than package-lock.json names' };
    if (existsSync(modules)) renameSync(modules, join(scratch, 'old'));
    renameSync(made, modules);
    return { code: INSTALLED, said };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { npm } = parseArgs({ options: { npm: { type: 'string' } } }).values;
  const found = npm !== undefined ? [process.execPath, npm] : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const { code, said } = install(join(fileURLToPath(import.meta.url), '..', '..'), found);
  if (said !== '') process.stderr.write(`${said}\n`);
  process.exitCode = code;
}
