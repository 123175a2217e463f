// VS Code with the starter model: other candidates, suggestions of several lines and a part of them. What the model writes is not the
// same everywhere, so this looks at how it is shown and taken. Started by run.sh.

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';

const FUNCTIONS = ['a', 'b']
  .map((name) => `function ${name}(x) {\n  if (x) {\n    return one(x);\n  }\n  return two(x);\n}\n\n`)
  .join('');

const server = await CodeServer.start('model', {
  environment: { TANDEM_COMPLETION_EAGERNESS: '100' },
  // What VS Code knows of a language it knows only some time after the first file is open.
  user: { 'editor.autoIndent': 'none', 'editor.autoClosingBrackets': 'never' },
});
if (scratch.run(server.home, 'doctor').out.includes('no llama.cpp')) {
  check.note('SKIPPED the model in VS Code: this tandem was built without llama.cpp');
  await server.stop();
  process.exit(0);
}
const editor = await Editor.open(server);
check.onFailure.push((name) => editor.recover(name));

/** What the newest answer offers. */
function offered() {
  const asked = editor.wire.sent('textDocument/inlineCompletion').at(-1);
  return editor.wire.answer(asked)?.message.result?.items.map((item) => item.insertText);
}

await check.testCase('the model loads when it is needed', async () => {
  await editor.openFile('orders.py');
  await editor.ready('orders.py');
  await editor.press('Control+End');
  await editor.wake();
  await editor.type('        self.audit.rec');
  await editor.waitForGhost();
  await editor.waitForStatus(/^Tandem: ready\. Model: Starter FIM 4M on CPU\./);
  await editor.press('Escape');
});

await check.testCase('the next and the previous candidate are shown in turn, and the one in front is taken', async () => {
  // Where one way to go on is much likelier than all others it is offered alone: some places, until one has several.
  let items = [];
  for (const typed of ['self.status = ', 'self.audit.rec', 'self.', 'raise ', 'if self.', 'return ']) {
    await editor.press('Control+End', 'Enter');
    await editor.type(`        ${typed}`);
    await editor.waitForGhost();
    const asked = editor.requests();
    await editor.press('Alt+]');
    await check.wait('the answer to the key', () => editor.requests() > asked && editor.pending() === 0);
    items = offered();
    if (items.length > 1) break;
    await editor.press('Escape');
  }
  check.truthy(items.length > 1, 'no place has several candidates');
  const before = await editor.line();
  await editor.waitForGhost(items[1]);
  await editor.press('Alt+[');
  await editor.waitForGhost(items[0]);
  await editor.press('Alt+]');
  await editor.waitForGhost(items[1]);
  await editor.press('Tab');
  await editor.waitForLine(before + items[1]);
  await editor.save('orders.py');
  await editor.checkAgreement('orders.py');
});

await check.testCase('of several lines one is taken by key, and the others stay', async () => {
  // How far the model goes on is its own affair: some places, until one has several lines.
  let ghost = '';
  let name;
  for (const head of ['function c(x) {', 'function first(x) {', 'function d(y) {', 'function two(x) {']) {
    name = `functions-${head.split(/\W/)[1]}.js`;
    await editor.openNew(name, FUNCTIONS);
    await editor.press('Control+End');
    await editor.type(`${head}\n  `);
    await editor.waitForLine('  ');
    // The newest answer may be that to an older document, and is there before it is drawn.
    await check.wait('the answer on the screen', async () => {
      ghost = (await editor.ghost()) ?? '';
      return editor.pending() === 0 && offered() !== undefined && (offered()[0] ?? '') === ghost;
    });
    if (ghost.includes('\n')) break;
  }
  check.truthy(ghost.includes('\n'), 'no place has several lines');
  const [first, ...rest] = ghost.split('\n');
  const tail = rest.join('\n');
  await editor.press('Alt+End');
  await check.wait('the first line', async () => {
    const text = await editor.wire.documentText(editor.uri(name));
    return text.slice(FUNCTIONS.length).includes(` {\n  ${first}`);
  });
  await editor.waitForGhost(tail);
  // At the beginning of a line Tab indents, a step at a time as far as the suggestion does; then it takes what is left.
  let last = await editor.waitForGhost();
  while (/^\s/.test(last)) {
    const before = last;
    await editor.press('Tab');
    await check.wait('less of an indentation', async () => {
      last = await editor.ghost();
      return last && last !== before;
    });
  }
  await editor.press('Tab');
  await check.wait('it in the buffer', async () => (await editor.wire.documentText(editor.uri(name))).includes(last));
  const text = await editor.save(name);
  check.truthy(text.slice(FUNCTIONS.length).includes(`  ${first}\n`) && text.includes(last), text.slice(FUNCTIONS.length));
  await editor.checkAgreement(name);
});

await check.testCase('the status bar names the model and how long the last answer took', async () => {
  await editor.waitForStatus(/Model: Starter FIM 4M on CPU\..* Last answer: [\d.]+ m?s, written by/);
});

await check.testCase('stopping VS Code leaves nothing behind', () => server.stop());

check.finish();
