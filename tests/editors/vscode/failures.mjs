// What goes wrong in VS Code: a folder that nobody trusts, a server that dies, a program that is not there. Started by run.sh.

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';
import { isHere, Provider } from './provider.mjs';

const TYPED = 'self.audit.rec';
const REST = 'ord(self.order_id, self.customer, self.status)';
const INDENT = '        ';
const QUIET = { TANDEM_ENGINE_CHOICE: 'lookup' };

const provider = isHere ? await Provider.start('failures', 'It is sent.') : undefined;
const settings = { ...(provider?.settings() ?? QUIET), TANDEM_COMPLETION_EAGERNESS: 'high' };
const server = await CodeServer.start('failures', {
  environment: settings,
  trusted: false,
  // What a folder would like to set, and may not.
  prepare: (home) =>
    scratch.write(
      `${home.workspace}/.vscode/settings.json`,
      JSON.stringify({ 'tandem.path': '/bin/false', 'tandem.completion.enabled': false, 'tandem.cloud.model': 'another-model' }),
    ),
});
const editor = await Editor.open(server);
check.onFailure.push((name) => editor.recover(name));

/** Begins a line below the last one, where the editor indents it as that one is, and waits for what is suggested there. */
async function ghostOnNewLine() {
  await editor.openFile('orders.py');
  await editor.press('Control+End', 'Enter');
  await editor.type('# after it was killed');
  await editor.press('Enter');
  await editor.waitForLine(INDENT);
  await editor.type(TYPED);
  await editor.waitForGhost(REST);
  // A line that is left unfinished would be taken for an example.
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
}

await check.testCase('in a folder that is not trusted suggestions work, and its settings do not count', async () => {
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor();
  await editor.openFile('orders.py');
  await editor.ready('orders.py');
  await editor.press('Control+End');
  await editor.wake();
  await editor.type(INDENT + TYPED);
  await editor.waitForGhost(REST);
  await editor.press('Tab');
  await editor.waitForLine(INDENT + TYPED + REST);
  await editor.waitForStatus(/not trusted/);
});

if (provider) {
  await check.testCase('in a folder that is not trusted nothing can be sent', async () => {
    await editor.command('Tandem: Ask');
    await editor.page.locator('.quick-input-widget input.input').fill('what is the audit trail?');
    await editor.press('Enter');
    const ended = () =>
      editor.wire.sent('tandem/answer', 'server').some(({ message }) => ['done', 'failed'].includes(message.params.event));
    await check.wait('an answer', ended, () => editor.describe());
    const ends = editor.wire.sent('tandem/answer', 'server').map(({ message }) => message.params);
    check.truthy(ends.every(({ footer }) => !footer?.isCloud), JSON.stringify(ends.at(-1)));
    check.equal(0, editor.wire.sent('tandem/consent').length, 'questions of consent');
    check.equal(0, await editor.page.locator('.monaco-dialog-box').count(), 'dialogs');
  });
}

await check.testCase('a server that is killed is started again, and knows what is not saved', async () => {
  const before = editor.wire.servers().length;
  process.kill(check.truthy(editor.wire.serverId(), 'no server'), 'SIGKILL');
  await check.wait('another server', () => editor.wire.servers().length > before && editor.wire.sent('initialized').length > 0, () =>
    editor.describe(),
  );
  await editor.waitForStatus(/^Tandem: ready/);
  await check.wait('it to have the text', async () =>
    (await editor.wire.documentText(editor.uri('orders.py')))?.endsWith(INDENT + TYPED + REST),
  );
  await ghostOnNewLine();
});

await check.testCase('one that cannot live is left alone after some tries, and the user is told', async () => {
  scratch.write(server.home.binary, '#!/bin/sh\n[ "$1" = --version ] && exec ' + scratch.tandem + ' --version\necho "out of luck" >&2\nexit 9\n', 0o755);
  process.kill(editor.wire.serverId(), 'SIGKILL');
  const item = await editor.notification('times in a row');
  check.truthy(/out of luck/.test(await item.innerText()), await item.innerText());
  await editor.waitForStatus(/^Tandem, not running/);
  scratch.setVariables(server.home.home, settings);
  const before = editor.wire.servers().length;
  await item.locator('.monaco-button').filter({ hasText: 'Try Again' }).click();
  await check.wait('another server', () => editor.wire.servers().length > before && editor.wire.sent('initialized').length > 0);
  await editor.waitForStatus(/^Tandem: ready/);
});

await check.testCase('a program that is not there is named, and a setting mends it', async () => {
  server.setMachine({ 'tandem.path': '/nowhere/tandem' });
  const item = await editor.notification('/nowhere/tandem');
  check.truthy(/no such file/.test(await item.innerText()), await item.innerText());
  await editor.waitForStatus(/^Tandem, not running/);
  await scratch.waitUntilGone(server.home.home, scratch.tandem);
  const before = editor.wire.servers().length;
  server.setMachine({ 'tandem.path': server.home.binary });
  await check.wait('another server', () => editor.wire.servers().length > before && editor.wire.sent('initialized').length > 0);
  await editor.waitForStatus(/^Tandem: ready/);
  await editor.command('Notifications: Clear All Notifications');
  await editor.openNew('again.py', scratch.read(editor.file('orders.py')));
  await editor.ready('again.py');
  await editor.press('Control+End');
  await editor.wake();
  await editor.type(INDENT + TYPED);
  await editor.waitForGhost(REST);
});

await check.testCase('nothing has left', async () => {
  await server.stop();
  const seen = await provider?.stop();
  check.truthy(!/audit/.test(seen ?? ''), 'the provider was sent something');
});

check.finish();
