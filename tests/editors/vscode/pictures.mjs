// Makes the pictures of VS Code that README shows, of the real program: started by pictures.sh.

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';
import { Provider } from './provider.mjs';
import { renderTerminals } from './pictures_terminal.mjs';

/** Where they go. */
const folder = check.truthy(process.env.EDITOR_PICTURES, 'EDITOR_PICTURES names no folder');

const examples = `${scratch.repository}/tests/editors/vscode/pictures`;

const provider = await Provider.start('pictures', scratch.read(`${examples}/answer.md`), 5);
const server = await CodeServer.start('pictures', {
  environment: {
    ...provider.settings('$20 per month,$2 per day'),
    TANDEM_COMPLETION_EAGERNESS: 'high',
  },
  user: { 'window.menuBarVisibility': 'hidden', 'workbench.colorTheme': 'Default Dark Modern', 'breadcrumbs.enabled': false, 'editor.lightbulb.enabled': 'off' },
});
const editor = await Editor.open(server, { width: 960, height: 600 });
check.onFailure.push((name) => editor.recover(name));

await check.testCase('vscode-ghost.png', async () => {
  await editor.openFile('orders.py');
  await editor.ready('orders.py');
  await editor.press('Control+End');
  await editor.type('\n    def refund(self) -> None:\nself.status = "refunded"\nself.audit.rec');
  await editor.waitForGhost();
  await editor.picture(`${folder}/vscode-ghost.png`);
  await editor.revertAndClose();
});

await check.testCase('vscode-consent.png', async () => {
  await editor.openNew('queue.py', scratch.read(`${examples}/queue.py`));
  await editor.ready('queue.py');
  await editor.command('View: Toggle Primary Side Bar Visibility');
  await editor.goTo(16, 7);
  await editor.chooseAction('Ask: why does the pause grow, and how far?');
  await editor.answerNotification('Trust `workspace`', 'Trust');
  await editor.dialog();
  await editor.picture(`${folder}/vscode-consent.png`);
});

await check.testCase('vscode-question.png', async () => {
  await editor.answerDialog('This time');
  await editor.answer(1);
  await editor.picture(`${folder}/vscode-question.png`);
});

await check.testCase('vscode-budget.png', async () => {
  await editor.openFile('queue.py');
  await editor.command('View: Close All Editors in Group');
  await editor.command('Tandem: Show Budget');
  await editor.page.locator('.pane-body .monaco-list-row').filter({ hasText: '░' }).first().waitFor();
  // Wide enough for the bars.
  const side = await editor.page.locator('.part.sidebar').boundingBox();
  await editor.page.mouse.move(side.x + side.width + 1, 300);
  await editor.page.mouse.down();
  await editor.page.mouse.move(480, 300, { steps: 5 });
  await editor.page.mouse.up();
  await editor.page.mouse.move(700, 450);
  await editor.picture(`${folder}/vscode-budget.png`);
});

await renderTerminals(server, folder);
await server.stop();
await provider.stop();
check.finish();
