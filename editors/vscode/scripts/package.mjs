// Makes the vsix, without network: bundles, puts what belongs into it into a folder of its own, packs that.
//
//   npm run package                                             one for all systems, without a program
//   npm run package -- --target linux-x64 --binary PATH         one for a system, with its tandem inside
//   … --out FILE                                                where to
//
// Fails where a vsix without a program is larger than it may be.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import { bundle, here } from './bundle.mjs';
import { notices } from './notices.mjs';
import { ROOT } from './settings.mjs';

/** Bytes of a vsix without a program. */
const MOST_BYTES = 600_000;
const TARGETS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64', 'alpine-x64', 'alpine-arm64'];

function fail(problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

let options;
try {
  options = parseArgs({ options: { target: { type: 'string' }, binary: { type: 'string' }, out: { type: 'string' } } }).values;
} catch (error) {
  fail(error.message);
}
const { target, binary } = options;
if ((target === undefined) !== (binary === undefined)) fail('--target and --binary belong together');
if (target !== undefined && !TARGETS.includes(target)) fail(`--target is one of ${TARGETS.join(', ')}`);
if (binary !== undefined && !(existsSync(binary) && statSync(binary).isFile())) fail(`${binary} is no file`);

const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const out = resolve(options.out ?? join(here, `tandem-${manifest.version}${target === undefined ? '' : `-${target}`}.vsix`));

const inputs = await bundle();
const stage = mkdtempSync(join(tmpdir(), 'tandem-vsix-'));
try {
  for (const folder of ['dist', 'media']) cpSync(join(here, folder), join(stage, folder), { recursive: true });
  for (const file of ['README.md', 'CHANGELOG.md', '.vscodeignore']) copyFileSync(join(here, file), join(stage, file));
  const licences = ['LICENSE-MIT', 'LICENSE-APACHE'].map((name) => readFileSync(join(ROOT, name), 'utf8').trim());
  writeFileSync(join(stage, 'LICENSE.md'), `Licensed under either of the following, at your option.\n\n${licences.join('\n\n---\n\n')}\n`);
  writeFileSync(join(stage, 'NOTICES.md'), notices(inputs, here));
  // What only its makers need stays out: scripts, and dependencies that are in the bundle.
  const { scripts: _scripts, devDependencies: _development, dependencies: _bundled, private: _private, ...shipped } = manifest;
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(shipped, null, 2)}\n`);
  if (binary !== undefined) {
    // Alpine's node says `linux`, too; VS Code tells the two apart by the vsix that it installs.
    const folder = join(stage, 'bin', target.replace('alpine', 'linux'));
    const file = join(folder, target.startsWith('win32') ? 'tandem.exe' : 'tandem');
    mkdirSync(folder, { recursive: true });
    copyFileSync(binary, file);
    chmodSync(file, 0o755);
  }
  await createVSIX({ cwd: stage, packagePath: out, dependencies: false, ...(target === undefined ? {} : { target }) });
} finally {
  rmSync(stage, { recursive: true, force: true });
}
const { size } = statSync(out);
process.stdout.write(`${basename(out)}: ${size} bytes\n`);
if (binary === undefined && size > MOST_BYTES) fail(`it may have ${MOST_BYTES} bytes`);
