// Tests run on Node alone; what needs an editor gets a small double of `vscode` that says only what the test is about.

import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], maxWorkers: 2 },
  resolve: { alias: { vscode: fileURLToPath(new URL('test/vscode.ts', import.meta.url)) } },
});
