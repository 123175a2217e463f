// The real disk, for `binary.ts`, and the one thing that is mended on it.

import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import type { Disk } from './binary';

export const disk: Disk = {
  look(path) {
    try {
      if (!statSync(path).isFile()) return 'missing';
    } catch {
      return 'missing';
    }
    try {
      accessSync(path, constants.X_OK);
      return 'file';
    } catch {
      return 'blocked';
    }
  },
};

/** Not every way to install an extension keeps permissions. Only ever done to the program that came with it. */
export function makeExecutable(path: string): boolean {
  try {
    chmodSync(path, 0o755);
    return true;
  } catch {
    return false;
  }
}
