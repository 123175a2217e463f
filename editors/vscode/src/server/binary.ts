// Where the tandem program is: the setting, the one that comes with the extension, the search path. No `vscode` here; the disk is
// looked at through `Disk`, so that tests bring their own.

import { isAbsolute, join } from 'node:path';

export interface Disk {
  /** `file` may be run; `blocked`: it is a file and may not; `missing`: no file. */
  look(path: string): 'file' | 'blocked' | 'missing';
}

export interface Surroundings {
  /** `tandem.path`, empty where it is not set. */
  setting: string;
  extensionDirectory: string;
  platform: string;
  architecture: string;
  home: string;
  searchPath: string;
}

export type Origin = 'setting' | 'bundled' | 'path';

export type Found = { file: string; origin: Origin } | { problem: BinaryProblem; file: string };

export type BinaryProblem = 'missing' | 'notExecutable' | 'notFound' | 'notAbsolute';

/** `linux-x64`, as VS Code names targets. */
export function target({ platform, architecture }: Pick<Surroundings, 'platform' | 'architecture'>): string {
  return `${platform}-${architecture}`;
}

export function bundled(around: Surroundings): string {
  return join(around.extensionDirectory, 'bin', target(around), fileName(around));
}

function fileName(around: Surroundings): string {
  return around.platform === 'win32' ? 'tandem.exe' : 'tandem';
}

/** A path that somebody set counts alone: falling back to another program would hide that it is wrong. */
export function find(around: Surroundings, disk: Disk): Found {
  const setting = around.setting.trim();
  if (setting !== '') {
    const file = /^~[/\\]/.test(setting) ? join(around.home, setting.slice(2)) : setting;
    // A relative one would depend on the folder that is open, which is nobody's to trust.
    if (!isAbsolute(file)) return { problem: 'notAbsolute', file };
    const state = disk.look(file);
    if (state === 'missing') return { problem: 'missing', file };
    if (state === 'blocked') return { problem: 'notExecutable', file };
    return { file, origin: 'setting' };
  }
  const own = bundled(around);
  const state = disk.look(own);
  if (state === 'file') return { file: own, origin: 'bundled' };
  if (state === 'blocked') return { problem: 'notExecutable', file: own };
  const directories = around.searchPath.split(around.platform === 'win32' ? ';' : ':');
  for (const directory of directories.filter((directory) => isAbsolute(directory))) {
    const file = join(directory, fileName(around));
    if (disk.look(file) === 'file') return { file, origin: 'path' };
  }
  return { problem: 'notFound', file: fileName(around) };
}
