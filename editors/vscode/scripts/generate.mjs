// Writes the generated parts: `contributes.configuration` and the restricted settings in package.json, and what the extension
// knows of the server's keys. `--check` writes nothing and fails where something is not as it would be written.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuration, restricted, serverKeys } from './settings.mjs';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');

export function generated() {
  const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  manifest.contributes.configuration = configuration();
  manifest.capabilities.untrustedWorkspaces.restrictedConfigurations = restricted();
  const rows = serverKeys().map((key) => `  ${JSON.stringify(key)}`);
  return {
    'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'src/settings/serverKeys.json': `[\n${rows.join(',\n')}\n]\n`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let isStale = false;
  for (const [name, text] of Object.entries(generated())) {
    const file = join(here, name);
    let now = '';
    try {
      now = readFileSync(file, 'utf8');
    } catch {
      // Not there yet.
    }
    if (now === text) continue;
    if (process.argv.includes('--check')) {
      isStale = true;
      process.stderr.write(`${name} is not as the server's settings are: npm run generate\n`);
    } else {
      writeFileSync(file, text);
      process.stdout.write(`wrote ${name}\n`);
    }
  }
  process.exitCode = isStale ? 1 : 0;
}
