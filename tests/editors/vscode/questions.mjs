// Questions in VS Code: a code action, trust, consent, an answer that grows, its citations and its cost; and all the ways in which
// nothing leaves. The provider is played on this machine. Started by run.sh.

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';
import { isHere, Provider } from './provider.mjs';
import { unexpected } from './console.mjs';

if (!isHere) {
  check.note('SKIPPED questions in VS Code: no provider double (cargo build --example provider_double, and name it in EDITOR_TEST_DOUBLE)');
  process.exit(0);
}

const PYTHON = `def retry_later(job):
    """Tries once more after a pause."""
    return job


# ask: what does this do?
def run(job):
    return retry_later(job)
`;
const ANSWER = `It runs a job, and tries again later: see jobs.py:7 and jobs.py:1.

\`\`\`python
run(job)
\`\`\`

Nothing is at nowhere.py:3. <img src=x onerror=alert(1)>
`;

const provider = await Provider.start('questions', ANSWER);
const slow = await Provider.start('slow', `It goes on. ${'And on. '.repeat(500)}`, 100);
const server = await CodeServer.start('questions', { environment: provider.settings() });
const editor = await Editor.open(server);
check.onFailure.push((name) => editor.recover(name));

/** What the server told of a question, by event. */
function events(question, event) {
  return editor.wire
    .sent('tandem/answer', 'server')
    .map((entry) => entry.message.params)
    .filter((params) => params.question === question && (!event || params.event === event));
}

/** Asks in the panel, where a thread is gone on with. */
async function followUp(words) {
  const box = (await editor.answers()).locator('#follow-up-text');
  await box.fill(words);
  await box.press('Enter');
}

/** Starts the server again with other settings, and waits until it is there. */
async function restartWith(settings) {
  scratch.setVariables(server.home.home, settings);
  const before = editor.wire.servers().length;
  await editor.command('Tandem: Restart');
  await check.wait('another server', () => editor.wire.servers().length > before && editor.wire.sent('initialized').length > 0);
  await editor.waitForStatus(/^Tandem: ready/);
}

await check.testCase('the comment is a code action, and asks for trust before anything else', async () => {
  await editor.openNew('jobs.py', PYTHON);
  await editor.ready('jobs.py');
  await editor.goTo(6, 3);
  await editor.chooseAction('Ask: what does this do?');
  await editor.answerNotification('Trust `workspace`', 'Trust');
});

await check.testCase('consent is a dialog that says what, where to, and for how much', async () => {
  const { text, buttons } = await editor.dialog();
  for (const part of ['claude-sonnet-5-5', 'api.anthropic.com', 'Cost: $', '$20 per month', 'jobs.py', 'lines 1', 'tokens']) {
    check.truthy(text.includes(part), `it does not say ${part}: ${text}`);
  }
  for (const button of ['This time', 'Always for this workspace', 'Show', 'Cancel']) {
    check.truthy(buttons.includes(button), `it has no button ${button}: ${buttons}`);
  }
  check.equal(0, events(1, 'text').length, 'pieces of an answer before a yes');
});

await check.testCase('Show opens the very text that would be sent, and asks again', async () => {
  await editor.answerDialog('Show');
  await editor.page.locator('.tab').filter({ hasText: 'What would be sent' }).first().waitFor();
  await editor.page.locator('.view-lines').filter({ hasText: 'retry_later' }).first().waitFor();
  await editor.answerNotification('Send', 'This time');
  await editor.command('Tandem: Show Answers');
});

await check.testCase('the answer grows, and ends with what it cost', async () => {
  const article = await editor.answer(1);
  check.truthy(events(1, 'text').length > 2, 'it came in one piece');
  const text = await article.innerText();
  for (const part of ['tries again later', 'anthropic claude-sonnet-5-5', '$0.', '2 checked, 1 could not be found', '2 files were sent']) {
    check.truthy(text.includes(part), `it does not say ${part}: ${text}`);
  }
  check.equal(1, await article.locator('.citation.unverified').count(), 'marks of citations of nothing');
  check.equal(0, await article.locator('img').count(), 'pictures in an answer');
  await editor.waitForStatus(/Spent today: \$0\.0/);
});

await check.testCase('a citation opens its file at its line', async () => {
  const article = await editor.answer(1);
  await article.locator('button.citation').filter({ hasText: 'jobs.py:7' }).click();
  await editor.waitForTab('jobs.py');
  await editor.page.waitForFunction(() => document.querySelector('#status\\.editor\\.selection')?.textContent.startsWith('Ln 7,'));
});

await check.testCase('a question that is not allowed is answered by the index, and nothing of it leaves', async () => {
  await followUp('and the secret plan, is it kept?');
  await editor.dialog();
  await editor.answerDialog('Cancel');
  const text = await (await editor.answer(2)).innerText();
  check.truthy(text.includes('you did not allow it'), text);
  check.truthy(text.includes('nothing left this machine'), text);
});

await check.testCase('the follow-up goes on with the thread, and may be allowed for good', async () => {
  await followUp('and then?');
  await editor.dialog();
  await editor.answerDialog('Always for this workspace');
  await editor.answer(3);
  const asked = editor.wire.sent('workspace/executeCommand', 'client').map((entry) => entry.message.params);
  const last = asked.findLast((params) => params.command === 'tandem.ask').arguments[0];
  check.equal(events(1, 'done')[0].footer.thread, last.thread, 'the thread');
  await followUp('and after that?');
  await editor.answer(4);
  check.equal(0, await editor.page.locator('.monaco-dialog-box').count(), 'dialogs after a yes for good');
  check.truthy(events(4, 'done')[0].footer.isCloud, 'the cloud model was not asked');
});

await check.testCase('Ask takes words, and Escape in its box asks nothing', async () => {
  const before = editor.wire.sent('tandem/answer').length;
  await editor.openFile('jobs.py');
  await editor.command('Tandem: Ask');
  await editor.page.locator('.quick-input-widget input.input').waitFor();
  await editor.press('Escape');
  await editor.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  check.equal(before, editor.wire.sent('tandem/answer').length, 'messages about answers');
});

await check.testCase('the budget view has a bar for each limit', async () => {
  await editor.command('Tandem: Show Budget');
  const rows = editor.page.locator('.pane-body .monaco-list-row');
  await rows.filter({ hasText: '░' }).first().waitFor();
  const labels = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label')));
  check.truthy(labels.some((label) => /^\$20 per month: \$0\.0\d+ of \$20\.00 used, .* left\./.test(label)), `what is read out: ${labels}`);
  check.truthy(labels.some((label) => /Today: \$0\.0.*3 questions/.test(label)), `what is read out: ${labels}`);
});

await check.testCase('Cancel ends an answer that grows, and what has come is kept', async () => {
  await restartWith(slow.settings());
  await editor.openFile('jobs.py');
  await editor.goTo(6, 3);
  await editor.chooseAction('Ask: what does this do?');
  await check.wait('the first pieces', () => events(1, 'text').length > 2, () => editor.describe());
  const article = (await editor.answers()).locator('article').last();
  await article.locator('button').filter({ hasText: 'Cancel' }).click();
  await check.wait('its end', async () => (await article.getAttribute('aria-busy')) === 'false', () => editor.describe());
  const text = await article.innerText();
  check.truthy(text.includes('It goes on.'), text);
  check.truthy(text.split('And on.').length < 100, 'it went on to the end');
  check.truthy(events(1).some(({ event }) => event === 'done' || event === 'failed'), 'the server told no end');
});

await check.testCase('Escape in the answers cancels the question that grows', async () => {
  await editor.openFile('jobs.py');
  await editor.goTo(6, 3);
  await editor.chooseAction('Ask: what does this do?');
  await check.wait('the first pieces', () => events(2, 'text').length > 2, () => editor.describe());
  const article = (await editor.answers()).locator('article').last();
  await article.locator('h2').click();
  await editor.press('Escape');
  await check.wait('its end', async () => (await article.getAttribute('aria-busy')) === 'false', () => editor.describe());
  const text = await article.innerText();
  check.truthy(text.split('And on.').length < 100, 'it went on to the end');
});

await check.testCase('a limit that is reached refuses before anything is asked', async () => {
  await restartWith(provider.settings('$0.000001 per month'));
  await editor.openFile('jobs.py');
  await editor.goTo(6, 3);
  await editor.chooseAction('Ask: what does this do?');
  const article = (await editor.answers()).locator('article').last();
  await check.wait('its end', async () => events(1, 'done').length + events(1, 'failed').length > 0, () => editor.describe());
  await check.wait('the panel', async () => (await article.getAttribute('aria-busy')) === 'false');
  const text = await article.innerText();
  check.truthy(text.includes('nothing is left of the budget') && text.includes('nothing left this machine'), text);
  check.equal(0, await editor.page.locator('.monaco-dialog-box').count(), 'dialogs');
  check.truthy(events(1, 'done').every(({ footer }) => !footer.isCloud), 'the cloud model was asked');
});

await check.testCase('nothing is written to the console', () => {
  check.equal([], unexpected(editor.console), 'the console');
});

await check.testCase('what the provider was sent is what was allowed', async () => {
  await server.stop();
  await slow.stop();
  const seen = await provider.stop();
  check.truthy(seen.includes('what does this do?') && seen.includes('and after that?'), 'the questions that were allowed');
  check.truthy(!seen.includes('secret plan'), 'a question that was not allowed was sent');
});

check.finish();
