// The real disk, for `binary.ts`.

import { accessSync, constants, statSync } from 'node:fs';
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
