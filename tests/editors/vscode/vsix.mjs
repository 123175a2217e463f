// Makes the extension's package for the tests, the one without a program inside, and prints where it is: vsix.mjs FOLDER
//
// Its dependencies are installed beside it in the clone where they are not yet, as somebody who works on it does.

import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../editors/vscode');
const file = path.join(path.resolve(process.argv[2]), 'tandem.vsix');
const npm = path.join(path.dirname(process.execPath), '../../npm/bin/npm-cli.js');

function run(...words) {
  const result = spawnSync(process.execPath, words, { cwd: extension, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${words.join(' ')}:\n${result.stdout}${result.stderr}`);
  process.exit(1);
}

run(path.join(extension, 'scripts/install.mjs'), '--npm', npm);
run(path.join(extension, 'scripts/package.mjs'), '--out', file);
process.stdout.write(`${file}\n`);
