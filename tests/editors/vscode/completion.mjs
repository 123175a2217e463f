// VS Code with Tandem's extension shows suggestions and accepts them, whole and in parts. Started by run.sh.

import fs from 'node:fs';

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';
import { unexpected } from './console.mjs';

/** Lookup alone, and shown when in doubt: the same text on every machine, however well the gate is calibrated. */
const LOOKUP = { TANDEM_ENGINE_CHOICE: 'lookup', TANDEM_COMPLETION_EAGERNESS: 'high' };

/** A line that stands four times in orders.py, cut where the suggestion is to begin. */
const TYPED = 'self.audit.rec';
const REST = 'ord(self.order_id, self.customer, self.status)';
const INDENT = '        ';

const ORDERS = scratch.read(`${scratch.repository}/tests/editors/workspace/orders.py`);

const server = await CodeServer.start('completion', { environment: LOOKUP });
const editor = await Editor.open(server);
check.onFailure.push((name) => editor.recover(name));

let copies = 0;

/** A copy of orders.py of its own, opened, with the cursor on a new last line at the indentation of a method's body. */
async function newLine(text = ORDERS, name = `orders${(copies += 1)}.py`) {
  await editor.openNew(name, text);
  await editor.press('Control+End');
  await editor.type(INDENT);
  await editor.waitForLine(INDENT);
  return name;
}

/** Puts away what `newLine` opened: what another document leaves unfinished would be taken for an example. */
async function putAway(name) {
  await editor.revertAndClose();
  fs.rmSync(editor.file(name));
  await check.wait('the server to have closed it', () =>
    editor.wire.sent('textDocument/didClose').some((entry) => entry.message.params.textDocument.uri === editor.uri(name)),
  );
}

await check.testCase('the package installs, and its extension starts the server', async () => {
  check.equal(['tandem-ls.tandem'], server.extensions(), 'the extensions');
  await editor.openFile('orders.py');
  await editor.ready('orders.py');
  const offers = editor.wire.answer(editor.wire.sent('initialize')[0]).message.result.capabilities;
  check.truthy(offers.inlineCompletionProvider, 'no inlineCompletionProvider');
  check.truthy(!offers.completionProvider, 'completionProvider beside inlineCompletionProvider');
  check.truthy(scratch.processes(server.home.home, scratch.tandem).size > 0, 'the server is not among the processes');
});

await check.testCase('the status bar says that it is ready, and its menu opens by keyboard', async () => {
  await editor.waitForStatus(/^Tandem: ready\. Model: none, lookup alone\./);
  await editor.command('Tandem: Menu');
  const rows = editor.page.locator('.quick-input-widget .monaco-list-row');
  await rows.filter({ hasText: 'Choose eagerness' }).waitFor();
  const titles = (await rows.allTextContents()).join('\n');
  for (const entry of [/pause/i, /eagerness/i, /model/i, /budget/i, /left/i, /why/i]) {
    check.truthy(entry.test(titles), `the menu has nothing for ${entry}: ${titles}`);
  }
  await editor.press('Escape');
});

await check.testCase('ghost text appears where typing stops, and Tab inserts exactly it', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  check.equal(INDENT + TYPED, await editor.line(), 'the buffer before accepting');
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.waitForNoGhost();
  check.equal(`${ORDERS}${INDENT}${TYPED}${REST}`, await editor.save(name), 'the file');
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('one undo takes back what was accepted, and no more', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.press('Control+Z');
  await editor.waitForLine(INDENT + TYPED);
  await editor.press('Control+Shift+Z');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.save(name);
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('without a suggestion Tab is a tab', async () => {
  await editor.openNew('empty.txt', '');
  await editor.press('Tab');
  await editor.waitForLine('    ');
  await putAway('empty.txt');
});

await check.testCase('typing along keeps the rest of the suggestion, key by key', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  const { length } = await editor.page.evaluate(() => window.probe.events);
  for (let typed = 1; typed <= 8; typed += 1) {
    const asked = editor.requests();
    await editor.type(REST[typed - 1]);
    // The editor closes the bracket by itself, and the suggestion makes room for that.
    const isClosed = REST.slice(0, typed).includes('(');
    await editor.waitForLine(INDENT + TYPED + REST.slice(0, typed) + (isClosed ? ')' : ''));
    await check.wait('the answer to the key', () => editor.requests() > asked && editor.pending() === 0);
    await editor.waitForGhost(isClosed ? REST.slice(typed, -1) : REST.slice(typed));
  }
  // No frame in which it was gone or another: what is drawn is always a part of the same text.
  const events = await editor.page.evaluate((from) => window.probe.events.slice(from), length);
  for (const { key, ghost } of events) {
    check.truthy(key !== undefined || (ghost !== null && REST.includes(ghost)), `a frame showed ${JSON.stringify(ghost)}`);
  }
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.save(name);
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('accepting in the same breath as typing along inserts nothing twice', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  await editor.type('ord(sel');
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.save(name);
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('typing something else removes the suggestion', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  await editor.type('zqxj');
  await editor.waitForLine(`${INDENT}${TYPED}zqxj`);
  await editor.waitForNoGhost();
  await putAway(name);
});

await check.testCase('word by word: each press inserts the next, and the rest stays', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  let inserted = '';
  for (let press = 0; press < 4; press += 1) {
    await editor.press('Control+ArrowRight');
    const line = await check.wait('the line to grow', async () => {
      const now = await editor.line();
      return now.length > (INDENT + TYPED + inserted).length && now;
    });
    inserted = line.slice((INDENT + TYPED).length);
    check.truthy(REST.startsWith(inserted) && inserted.length < REST.length, `it inserted ${inserted}`);
    await editor.waitForGhost(REST.slice(inserted.length));
  }
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.save(name);
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('text of many bytes before the cursor moves nothing', async () => {
  for (const before of ['größe = ', '東京 = ', 'x = "🦀👩‍👩‍👧" and ', 'e\u0301 = ']) {
    const name = await newLine();
    // Pasted: brackets and quotes that are typed are closed by the editor itself.
    await editor.page.keyboard.insertText(before);
    await editor.type(TYPED);
    await editor.waitForGhost(REST);
    await editor.press('Tab');
    check.equal(`${ORDERS}${INDENT}${before}${TYPED}${REST}`, await editor.save(name), 'the file');
    await editor.checkAgreement(name);
    await putAway(name);
  }
});

await check.testCase('lines that end in CR LF keep their ends', async () => {
  const dos = ORDERS.replaceAll('\n', '\r\n');
  const name = await newLine(dos);
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  await editor.press('Tab');
  await editor.press('Enter');
  check.equal(`${dos}${INDENT}${TYPED}${REST}\r\n${INDENT}`, await editor.save(name), 'the file');
  await editor.checkAgreement(name);
  await putAway(name);
});

await check.testCase('with two cursors the text stays the same for both sides', async () => {
  const name = await newLine(`${ORDERS}${INDENT}\n`);
  await editor.command('Add Cursor Above');
  await check.wait('two cursors', () => editor.page.evaluate(() => window.probe.editor().querySelectorAll('.cursors-layer .cursor').length === 2));
  await editor.type(TYPED);
  await editor.waitForGhost();
  await editor.press('Tab');
  await check.wait('it in the buffer', async () => (await editor.line()).includes(REST));
  const text = await editor.save(name);
  check.truthy(text.startsWith(ORDERS), 'something above the cursors has changed');
  await editor.checkAgreement(name);
  for (const line of text.slice(ORDERS.length).split('\n')) {
    check.truthy([TYPED, TYPED + REST].includes(line.trim()), `a line that nobody wrote: ${line}`);
  }
  await editor.press('Escape', 'Escape');
  await putAway(name);
});

await check.testCase('in a split the suggestion stands in the view that is typed in, and the text in both', async () => {
  const name = await newLine();
  await editor.command('View: Split Editor Right');
  await editor.page.waitForFunction(() => document.querySelectorAll('.editor-group-container').length === 2);
  await editor.press('Control+End');
  await editor.wake();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  const shown = await editor.page.evaluate(() =>
    [...document.querySelectorAll('.editor-group-container .monaco-editor')].map((each) => window.probe.ghost(each)),
  );
  check.equal([REST], shown.filter((ghost) => ghost !== null), 'the views that show it');
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  check.equal(`${ORDERS}${INDENT}${TYPED}${REST}`, await editor.save(name), 'the file');
  await editor.checkAgreement(name);
  await editor.command('View: Close Editor Group');
  await editor.page.waitForFunction(() => document.querySelectorAll('.editor-group-container').length === 1);
  await editor.page.locator('.editor-group-container.active .view-lines').click();
  await putAway(name);
});

const UNTITLED = 'total = first(one, two)\nshow(total)\n\nprice = 2\n\ntotal = first(one, two)\nsend(total)\n\nprice = 3\n\n';

await check.testCase('an untitled file is completed, and saved where the user says', async () => {
  await editor.command('File: New Untitled Text File');
  await editor.waitForTab('Untitled-1');
  await editor.page.keyboard.insertText(UNTITLED);
  await editor.command('Change Language Mode');
  await editor.page.locator('.quick-input-widget input.input').fill('Python');
  await editor.pick('(python)');
  await editor.waitForTab('Untitled-1');
  await editor.press('Control+End');
  await editor.type('total = fir');
  await editor.waitForGhost('st(one, two)');
  await editor.press('Tab');
  await editor.waitForLine('total = first(one, two)');
  const { uri } = editor.wire
    .sent('textDocument/didOpen')
    .map((entry) => entry.message.params.textDocument)
    .findLast((document) => document.uri.startsWith('untitled:'));
  // The editor shows a change before it tells of it.
  const expected = `${UNTITLED}total = first(one, two)`;
  await check.wait('the text at the server', async () => (await editor.wire.documentText(uri)) === expected);
  await editor.press('Control+S');
  const input = editor.page.locator('.quick-input-widget input.input');
  await input.waitFor();
  // It proposes a name, and would overwrite what came before that.
  await editor.page.waitForFunction(() => document.querySelector('.quick-input-widget input.input')?.value.endsWith('.py'));
  await input.fill(editor.file('saved.py'));
  // It looks at the disk after each key, and takes nothing meanwhile.
  await editor.page.locator('.quick-input-widget .monaco-progress-container.active').waitFor({ state: 'detached' });
  await editor.press('Enter');
  await check.wait('the file', () => fs.existsSync(editor.file('saved.py')));
  await editor.waitForTab('saved.py');
  await editor.press('Control+End', 'Enter');
  await editor.type('price = 4\n\ntotal = fir');
  await editor.waitForGhost('st(one, two)');
  await putAway('saved.py');
});

await check.testCase('a file that is not saved is known to the server as it stands in the editor', async () => {
  const name = await newLine();
  await editor.type('ledger = open_ledger("here")  # only in the buffer');
  await check.wait('the server to have it', async () =>
    (await editor.wire.documentText(editor.uri(name)))?.endsWith('# only in the buffer'),
  );
  check.equal(ORDERS, scratch.read(editor.file(name)), 'the file on disk');
  await putAway(name);
});

await check.testCase('Escape puts the suggestion away, and asking by key brings it back', async () => {
  const name = await newLine();
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  await editor.press('Escape');
  await editor.waitForNoGhost();
  await editor.press('Alt+\\');
  await editor.waitForGhost(REST);
  await editor.press('Escape');
  await putAway(name);
});

await check.testCase('a pause stops suggestions, and the status bar says so', async () => {
  await editor.command('Tandem: Pause Suggestions');
  await editor.pick('Until');
  await editor.waitForStatus(/^Tandem: paused/);
  const name = await newLine();
  const asked = editor.requests();
  await editor.type(TYPED);
  await check.wait('the answer', () => editor.requests() > asked && editor.pending() === 0);
  check.equal(null, await editor.ghost(), 'ghost text in a pause');
  await editor.command('Tandem: Resume Suggestions');
  await editor.waitForStatus(/^Tandem: ready/);
  await editor.type('ord');
  await editor.waitForGhost(REST.slice(3));
  await putAway(name);
});

await check.testCase('what was accepted is counted', async () => {
  const totals = await check.wait('the counts', () => scratch.totals(server.home));
  check.truthy(totals.acceptedWhole >= 11, `accepted: ${JSON.stringify(totals)}`);
});

await check.testCase('nothing is written to the console', () => {
  check.equal([], unexpected(editor.console), 'the console');
  // A file that is put away unsaved is closed and changed back, in this order.
  const noise = editor.wire
    .entries()
    .filter((entry) => entry.from === 'stderr' && / (WARN|ERROR) /.test(entry.text) && !entry.text.includes('not open'));
  check.equal([], noise, "the server's stderr");
});

await check.testCase('closing the window ends the server, and stopping VS Code leaves nothing behind', async () => {
  await editor.page.close();
  await scratch.waitUntilGone(server.home.home, scratch.tandem);
  await server.stop();
});

check.finish();
