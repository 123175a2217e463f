// Makes the extension's package for the tests, the one without a program inside, and prints where it is: vsix.mjs FOLDER
//
// Its dependencies are installed beside it in the clone where they are not yet, as somebody who works on it does.

import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../editors/vscode');
const file = path.join(path.resolve(process.argv[2]), 'tandem.vsix');
const npm = path.join(path.dirname(process.execPath), '../../npm/bin/npm-cli.js');

function run(...words) {
  const result = spawnSync(process.execPath, [npm, ...words], { cwd: extension, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`npm ${words.join(' ')}:\n${result.stdout}${result.stderr}`);
  process.exit(1);
}

const quietly = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
// The lock file's copy that npm leaves behind tells whether the dependencies are those of today.
const installed = path.join(extension, 'node_modules/.package-lock.json');
const wanted = path.join(extension, 'package-lock.json');
if (!fs.existsSync(installed) || fs.statSync(installed).mtimeMs < fs.statSync(wanted).mtimeMs) {
  run('install', '--no-save', '--ignore-scripts', ...quietly);
  fs.utimesSync(installed, new Date(), new Date());
}
run('run', 'package', ...quietly, '--', '--out', file);
process.stdout.write(`${file}\n`);
