// The licences of what is bundled, as those licences want it: taken from the packages that esbuild says are in the bundles.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `node_modules/@a/b/lib/x.js` is of the package `@a/b`; the innermost one counts. */
function folderOf(input) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

/** Markdown with a part for each package. Throws where one has no licence to show. */
export function notices(inputs, here) {
  const folders = [...new Set(inputs.map(folderOf).filter((folder) => folder !== undefined))].sort();
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(here, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file === undefined ? undefined : readFileSync(join(here, folder, file), 'utf8').trim();
    if (text === undefined) throw new Error(`${folder} has no licence`);
    return `## ${name} ${version} (${license})\n\n\`\`\`\n${text.replace(/```/g, "'''")}\n\`\`\`\n`;
  });
  return `# What is in Tandem for VS Code beside its own code\n\n${parts.join('\n')}`;
}
