// Where the program is looked for, and what is said when it is not there.

import { describe, expect, it } from 'vitest';
import { bundled, type Disk, find, type Surroundings } from '../../src/server/binary';

const around: Surroundings = {
  setting: '',
  extensionDirectory: '/extension',
  platform: 'linux',
  architecture: 'x64',
  home: '/people/ann',
  searchPath: '/usr/local/bin:/usr/bin',
};

function disk(files: string[], blocked: string[] = []): Disk {
  return { look: (path) => (files.includes(path) ? 'file' : blocked.includes(path) ? 'blocked' : 'missing') };
}

describe('the program', () => {
  it('is the one that the setting names, before all others', () => {
    const all = disk(['/opt/tandem', '/extension/bin/linux-x64/tandem', '/usr/bin/tandem']);
    expect(find({ ...around, setting: '/opt/tandem' }, all)).toEqual({ file: '/opt/tandem', origin: 'setting' });
  });

  it('may stand in the home directory', () => {
    expect(find({ ...around, setting: '~/bin/tandem' }, disk(['/people/ann/bin/tandem']))).toEqual({
      file: '/people/ann/bin/tandem',
      origin: 'setting',
    });
  });

  it('is no other one where the setting is wrong', () => {
    const others = disk(['/extension/bin/linux-x64/tandem', '/usr/bin/tandem'], ['/opt/tandem']);
    expect(find({ ...around, setting: '/opt/none' }, others)).toEqual({ problem: 'missing', file: '/opt/none' });
    expect(find({ ...around, setting: '/opt/tandem' }, others)).toEqual({ problem: 'notExecutable', file: '/opt/tandem' });
  });

  it('is never found relative to a folder', () => {
    expect(find({ ...around, setting: 'bin/tandem' }, disk(['bin/tandem']))).toEqual({ problem: 'notAbsolute', file: 'bin/tandem' });
    expect(find({ ...around, searchPath: '.:bin:/usr/bin' }, disk(['./tandem', 'bin/tandem']))).toEqual({
      problem: 'notFound',
      file: 'tandem',
    });
  });

  it('comes with the extension, for this system', () => {
    expect(find(around, disk(['/extension/bin/linux-x64/tandem', '/usr/bin/tandem']))).toEqual({
      file: '/extension/bin/linux-x64/tandem',
      origin: 'bundled',
    });
    expect(find(around, disk(['/extension/bin/darwin-arm64/tandem']))).toEqual({ problem: 'notFound', file: 'tandem' });
  });

  it('is the first one on the search path otherwise', () => {
    expect(find(around, disk(['/usr/bin/tandem', '/usr/local/bin/tandem']))).toEqual({ file: '/usr/local/bin/tandem', origin: 'path' });
    expect(find(around, disk(['/usr/bin/tandem'], ['/usr/local/bin/tandem']))).toEqual({ file: '/usr/bin/tandem', origin: 'path' });
  });

  it('ends with .exe on Windows', () => {
    expect(bundled({ ...around, platform: 'win32' })).toContain('tandem.exe');
  });
});
