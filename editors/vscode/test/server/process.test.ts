// Real processes, small ones: what is said of a program that cannot be run, and what is kept of one that ends.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { disk, makeExecutable } from '../../src/server/disk';
import { askVersion, run } from '../../src/server/process';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-process-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string, mode = 0o755): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

const script = (body: string): string => `#!/bin/sh\n${body}\n`;

describe.skipIf(process.platform === 'win32')('a program', () => {
  it('is asked for its version', async () => {
    expect(await askVersion(program('good', script('echo "tandem 0.1.0"')), folder)).toBe('tandem 0.1.0\n');
  });

  it('that does not know what a version is answered what it printed', async () => {
    expect(await askVersion(program('other', script('echo usage; exit 2')), folder)).toBe('usage\n');
  });

  it('for another system is said to be that', async () => {
    await expect(askVersion(program('foreign', `MZ${'\0'.repeat(30)}`), folder)).rejects.toThrow('it was built for Windows');
  });

  it('without its libraries says what the loader says', async () => {
    const file = program('lacking', script('echo "error while loading shared libraries: libx.so" >&2; exit 127'));
    await expect(askVersion(file, folder)).rejects.toThrow('error while loading shared libraries: libx.so');
  });

  it('that is gone by now is said to be missing', async () => {
    await expect(run(join(folder, 'gone'), [], { cwd: folder, environment: {} }, () => undefined)).rejects.toThrow('missing');
  });

  it('leaves its last lines', async () => {
    const lines: string[] = [];
    const running = await run(
      program('dying', script('for i in $(seq 30); do echo "line $i" >&2; done; exit 7')),
      [],
      { cwd: folder, environment: process.env },
      (line) => lines.push(line),
    );
    expect(await running.ended).toEqual({ code: 7, signal: null });
    expect(lines).toHaveLength(30);
    expect(running.lastLines).toHaveLength(20);
    expect(running.lastLines.at(-1)).toBe('line 30');
  });

  it('gets its environment and nothing by other ways', async () => {
    const running = await run(
      program('keys', script('echo "$SOME_KEY" >&2; echo "$@" >&2')),
      ['serve'],
      { cwd: folder, environment: { SOME_KEY: 'abc', PATH: process.env['PATH'] } },
      () => undefined,
    );
    await running.ended;
    expect(running.lastLines).toEqual(['abc', 'serve']);
  });

  it('is seen on the disk as what it is', () => {
    expect(disk.look(program('runs', script('')))).toBe('file');
    expect(disk.look(join(folder, 'nothing'))).toBe('missing');
    expect(disk.look(folder)).toBe('missing');
    // Root may read everything, and still runs only what somebody may.
    const still = program('still', script(''), 0o644);
    expect(disk.look(still)).toBe('blocked');
    expect(makeExecutable(still)).toBe(true);
    expect(disk.look(still)).toBe('file');
    expect(makeExecutable(join(folder, 'nothing'))).toBe(false);
  });
});
