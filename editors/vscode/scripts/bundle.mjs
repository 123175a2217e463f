// Bundles what activation needs, what is needed later, and what runs inside the view: a file each.

import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const here = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Returns the files that went into the bundles, from this folder. */
export async function bundle() {
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  mkdirSync(join(here, 'dist'));
  const common = {
    absWorkingDir: here,
    metafile: true,
    bundle: true,
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    target: 'es2022',
  };
  // A native import() would look for an ES module.
  const node = { ...common, supported: { 'dynamic-import': false }, platform: 'node', format: 'cjs', mainFields: ['module', 'main'] };
  const results = [
    await build({ ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode', './later'] }),
    await build({ ...node, entryPoints: ['src/later.ts'], outfile: 'dist/later.js', external: ['vscode'] }),
    await build({ ...common, entryPoints: ['src/answers/view/main.ts'], outfile: 'dist/view.js', platform: 'browser', format: 'iife' }),
    await build({ ...common, entryPoints: ['src/answers/view/style.css'], outfile: 'dist/view.css' }),
  ];
  return results.flatMap((result) => Object.keys(result.metafile.inputs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
