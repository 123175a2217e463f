// Installing packages: what counts as installed, what is a failure, and that an installation that works is never lost. npm is a script of
// the test's own.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agrees, install, INSTALLED, mismatch, UNREACHABLE, verdict, WRONG } from '../../scripts/install.mjs';

const one = { version: '1.0.0', integrity: 'sha512-one' };
const other = { version: '2.0.0', integrity: 'sha512-other', optional: true };
const manifest = { name: 'x', version: '1.0.0', dependencies: { one: '1.0.0' } };
const lock = { packages: { '': manifest, 'node_modules/one': one, 'node_modules/other': other } };
const note = { packages: { 'node_modules/one': one } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-install-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An installation that notes `what` of itself. */
function installed(what: object): void {
  mkdirSync(join(folder, 'node_modules', 'one'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify(what));
}
/** An npm that does this. */
function npm(script: string): string[] {
  writeFileSync(join(folder, 'npm.cjs'), script);
  return [process.execPath, join(folder, 'npm.cjs')];
}
const working = (what: object): string =>
  `const fs = require('fs'); fs.mkdirSync('node_modules/new', { recursive: true });
   fs.writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify(what))});`;
const failing = (output: string): string => `process.stderr.write(${JSON.stringify(output)}); process.exitCode = 1;`;
const never = failing('npm error code ENOTWANTED');

describe('what is installed', () => {
  it('counts where npm noted the same; packages for other systems may be missing', () => {
    expect(agrees(lock, note)).toBe(true);
    expect(agrees(lock, { packages: { ...note.packages, 'node_modules/other': other } })).toBe(true);
  });

  it('does not where something is missing, different, or too much', () => {
    expect(agrees(lock, undefined)).toBe(false);
    expect(agrees(lock, { packages: {} })).toBe(false);
    expect(agrees(lock, { packages: { 'node_modules/one': { ...one, version: '1.0.1' } } })).toBe(false);
    expect(agrees(lock, { packages: { 'node_modules/one': { ...one, integrity: 'sha512-evil' } } })).toBe(false);
    expect(agrees(lock, { packages: { ...note.packages, 'node_modules/more': one } })).toBe(false);
  });

  it('is used without npm', () => {
    installed(note);
    expect(install(folder, npm(never))).toEqual({ code: INSTALLED, said: '' });
  });
});

describe('a list that is not this package’s', () => {
  it('is a failure, also where something is installed', () => {
    installed(note);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, dependencies: { one: '1.1.0' } }));
    const { code, said } = install(folder, npm(never));
    expect(code).toBe(WRONG);
    expect(said).toContain('package.json has one 1.1.0, package-lock.json 1.0.0');
  });

  it('lacks a package, has one too many, or is none', () => {
    expect(mismatch(manifest, lock)).toBeUndefined();
    expect(mismatch({ ...manifest, devDependencies: { two: '2' } }, lock)).toContain('two');
    expect(mismatch({}, lock)).toContain('one');
    expect(mismatch(manifest, undefined)).toContain('no list');
  });
});

describe('an installation', () => {
  it('takes the old one’s place when it is whole', () => {
    installed({ packages: {} });
    expect(install(folder, npm(working(note))).code).toBe(INSTALLED);
    expect(readdirSync(join(folder, 'node_modules')).sort()).toEqual(['.package-lock.json', 'new']);
    expect(readdirSync(folder).filter((name) => name.startsWith('.install-'))).toEqual([]);
  });

  it('leaves the old one where the registry cannot be reached', () => {
    installed({ packages: {} });
    expect(install(folder, npm(failing('npm error code ENOTFOUND\nnpm error request failed'))).code).toBe(UNREACHABLE);
    expect(existsSync(join(folder, 'node_modules', 'one'))).toBe(true);
    expect(install(folder, [join(folder, 'no-npm')]).code).toBe(UNREACHABLE);
  });

  it('that fails, or is not what the list names, is a failure', () => {
    expect(install(folder, npm(failing('npm error code EINTEGRITY'))).code).toBe(WRONG);
    expect(install(folder, npm(working({ packages: {} }))).code).toBe(WRONG);
    expect(existsSync(join(folder, 'node_modules'))).toBe(false);
  });

  it('runs nothing that a package brings along', () => {
    const script = `require('fs').writeFileSync(${JSON.stringify('FILE')}, process.argv.join(' '));`;
    install(folder, npm(script.replace('FILE', join(folder, 'said')) + working(note)));
    expect(readFileSync(join(folder, 'said'), 'utf8')).toContain(' ci --ignore-scripts ');
  });
});

it('what npm fails with is told apart', () => {
  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'ERR_SOCKET_TIMEOUT', 'ENETUNREACH'])
    expect(verdict(`npm error code ${code}\nnpm error errno ${code}`), code).toBe(UNREACHABLE);
  for (const code of ['EUSAGE', 'EINTEGRITY', 'E404', 'E403', 'ENOSPC', 'EACCES'])
    expect(verdict(`npm warn fetch failed with ETIMEDOUT, again\nnpm error code ${code}`), code).toBe(WRONG);
  expect(verdict('npm error network connect ECONNREFUSED')).toBe(UNREACHABLE);
  expect(verdict('Segmentation fault')).toBe(WRONG);
});
