// One window of VS Code to drive: keys go in as a user's, and what comes back is read from what is drawn.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { Wire } from './wire.mjs';

export class Editor {
  /** Opens a folder in a window and waits until the workbench stands. What the window writes to its console is kept. */
  static async open(server, options = {}) {
    const self = new Editor();
    self.server = server;
    self.folder = options.folder ?? server.home.workspace;
    self.console = [];
    self.wire = new Wire(server.home.home);
    const { page, url } = await server.window(self.folder, options);
    self.page = page;
    page.on('console', (message) => self.console.push({ type: message.type(), text: message.text() }));
    page.on('pageerror', (error) => self.console.push({ type: 'exception', text: String(error) }));
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.monaco-workbench .part.statusbar');
    return self;
  }

  file(name) {
    return path.join(this.folder, name);
  }

  uri(name) {
    return pathToFileURL(this.file(name)).href;
  }

  /**
   * Waits until the server has been told of an open file and the editor knows what the server offers: what is typed before asks
   * nothing.
   */
  async ready(name) {
    const told = () => this.wire.sent('textDocument/didOpen').some((entry) => entry.message.params.textDocument.uri === this.uri(name));
    await check.wait('the server to know the file', told, () => this.describe());
    // The status comes after the offers, by the same way.
    await this.waitForStatus(/^Tandem: (?!starting)/);
  }

  /**
   * Makes a view that was opened just now ask for suggestions: VS Code makes the parts of one when it has time, and asking by key makes
   * this one at once.
   */
  async wake() {
    const asked = this.requests();
    await this.press('Alt+\\');
    await check.wait('the view to ask', () => this.requests() > asked && this.pending() === 0, () => this.describe());
  }

  /** Keys by name, as Playwright spells them: `Control+Shift+P`. */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** Chooses a row of the quick pick that is open, by a part of what it says. */
  async pick(text) {
    const row = this.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: text }).first();
    await row.waitFor();
    await row.click();
  }

  /** Runs a command of the palette by its whole title. */
  async command(title) {
    await this.press('F1');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(`>${title}`);
    const row = this.page.locator(`.quick-input-widget .monaco-list-row[aria-label^=${JSON.stringify(title)}]`).first();
    await row.waitFor();
    await row.click();
  }

  /** Opens a file of the folder, by its whole path: a search would not know yet what was written a moment ago. */
  async openFile(name) {
    await this.press('Control+P');
    await this.page.locator('.quick-input-widget input.input').fill(this.file(name));
    await this.pick(path.basename(name));
    await this.waitForTab(path.basename(name));
  }

  async waitForTab(name) {
    await this.page.waitForFunction((wanted) => {
      const tab = document.querySelector('.editor-group-container.active .tab.active .label-name, .editor-group-container.active .tab.active');
      const editor = document.querySelector('.editor-group-container.active .monaco-editor.focused');
      return tab?.textContent.includes(wanted) && editor;
    }, name);
  }

  /** Writes a file of the folder and opens it. */
  async openNew(name, text) {
    fs.writeFileSync(this.file(name), text);
    await this.openFile(name);
  }

  /** Goes to a line and column, both from 1. */
  async goTo(line, column = 1) {
    await this.press('Control+G');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    await this.press('Enter');
    await this.waitForCursor(line, column);
  }

  async waitForCursor(line, column) {
    await this.page.waitForFunction(
      (wanted) => document.querySelector('#status\\.editor\\.selection')?.textContent.includes(wanted),
      `Ln ${line}, Col ${column}`,
    );
  }

  /** The text of the drawn line that holds the first cursor, without ghost text. */
  line() {
    return this.page.evaluate(() => {
      const editor = window.probe.editor();
      const cursor = editor?.querySelector('.cursors-layer .cursor');
      if (!cursor) return null;
      const lines = [...editor.querySelectorAll('.view-lines > .view-line')];
      const line = lines.find((each) => each.style.top === cursor.style.top);
      if (!line) return null;
      const copy = line.cloneNode(true);
      for (const part of copy.querySelectorAll('[class*="ghost-text"]')) part.remove();
      return window.probe.plain(copy.textContent);
    });
  }

  /** The suggestion as it is drawn; null without one. */
  ghost() {
    return this.page.evaluate(() => window.probe.ghost());
  }

  async waitForLine(text) {
    await check.wait(`the line ${JSON.stringify(text)}`, async () => (await this.line()) === text, () => this.describe());
  }

  /** Waits until exactly this is suggested; without `text` until something is. */
  async waitForGhost(text) {
    return await check.wait(
      text === undefined ? 'ghost text' : `the ghost text ${JSON.stringify(text)}`,
      async () => {
        const ghost = await this.ghost();
        return ghost !== null && (text === undefined || ghost === text) && ghost;
      },
      () => this.describe(),
    );
  }

  async waitForNoGhost() {
    await check.wait('the ghost text to go', async () => (await this.ghost()) === null, () => this.describe());
  }

  /** Saves, waits until the tab says that it is saved, and returns what the file holds. */
  async save(name) {
    await this.press('Control+S');
    await this.page.waitForFunction(() => !document.querySelector('.editor-group-container.active .tab.active.dirty'));
    return fs.readFileSync(this.file(name), 'utf8');
  }

  /** Fails unless the server believes the file to hold what it holds on disk: after saving, so that both are known. */
  async checkAgreement(name) {
    check.equal(fs.readFileSync(this.file(name), 'utf8'), await this.wire.documentText(this.uri(name)), 'the text that the server has');
  }

  /** Requests for an inline completion that have no answer yet. */
  pending() {
    return this.wire.sent('textDocument/inlineCompletion').filter((entry) => !this.wire.answer(entry)).length;
  }

  requests() {
    return this.wire.sent('textDocument/inlineCompletion').length;
  }

  /** Chooses a code action at the cursor, by keyboard: what lies over the menu eats clicks. */
  async chooseAction(title) {
    const row = this.page.locator('.action-widget .monaco-list-row');
    const wanted = row.filter({ hasText: title }).first();
    // In a view that was opened just now VS Code may know of nobody to ask yet, and does not ask again by itself.
    await check.wait(
      `the action ${title}`,
      async () => {
        await this.press('Control+.');
        if (await wanted.waitFor({ timeout: 4000 }).then(() => true, () => false)) return true;
        await this.press('Escape');
        return false;
      },
      () => this.describe(),
    );
    const count = await row.count();
    const focused = this.page.locator('.action-widget .monaco-list-row.focused');
    for (let step = 0; step < count && (await focused.textContent()) !== title; step += 1) await this.press('ArrowDown');
    check.equal(title, await focused.textContent(), 'the row of the menu');
    await this.press('Enter');
  }

  /** Waits for VS Code's dialog before everything else, and returns what it says and its buttons. */
  async dialog() {
    const box = this.page.locator('.monaco-dialog-box');
    await box.waitFor();
    return { text: await box.innerText(), buttons: await box.locator('.monaco-button').allTextContents() };
  }

  async answerDialog(button) {
    const box = this.page.locator('.monaco-dialog-box');
    await box.locator('.monaco-button').filter({ hasText: button }).first().click();
    await box.waitFor({ state: 'detached' });
  }

  /** Waits for a message in the corner and returns what it says. A toast hides after a while, so the whole list is opened. */
  async notification(text) {
    await this.page.locator('.notification-list-item').filter({ hasText: text }).first().waitFor({ state: 'attached' });
    if ((await this.page.locator('.notifications-center.visible').count()) === 0) await this.command('Notifications: Show Notifications');
    const item = this.page.locator('.notifications-center .notification-list-item').filter({ hasText: text }).first();
    await item.waitFor();
    return item;
  }

  async answerNotification(text, button) {
    const item = await this.notification(text);
    await item.locator('.monaco-button').filter({ hasText: button }).first().click();
    await item.waitFor({ state: 'detached' });
  }

  /** What the status bar says of Tandem to a screen reader. */
  status() {
    return this.page.locator('#tandem-ls\\.tandem\\.tandem\\.status a').getAttribute('aria-label');
  }

  async waitForStatus(pattern) {
    await check.wait(`the status bar to say ${pattern}`, async () => pattern.test(await this.status()), async () => ({
      status: await this.status(),
      ...(await this.describe()),
    }));
  }

  /** The frame of the answers' panel, once it is drawn. */
  async answers() {
    return check.wait('the panel of answers', async () => {
      for (const frame of this.page.frames()) {
        if (await frame.evaluate(() => document.querySelector('main#answers') !== null).catch(() => false)) return frame;
      }
      return undefined;
    });
  }

  /** Waits until the answer of a number has ended, and returns its article. */
  async answer(number) {
    const article = (await this.answers()).locator(`#answer-${number}`);
    await check.wait(`the end of answer ${number}`, async () => (await article.getAttribute('aria-busy')) === 'false', () => this.describe());
    return article;
  }

  /** Closes the editor in front, and what it holds with it. */
  async revertAndClose() {
    const tabs = await this.page.locator('.tab').count();
    await this.command('View: Revert and Close Editor');
    await this.page.waitForFunction((before) => document.querySelectorAll('.tab').length < before, tabs);
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  async describe() {
    const screen = await this.page.evaluate(() => ({
      focus: document.activeElement?.className,
      tabs: [...document.querySelectorAll('.tab')].map((tab) => tab.textContent),
      dialogs: [...document.querySelectorAll('.monaco-dialog-box .dialog-message-row, .notification-list-item-message')].map((each) => each.textContent),
      status: [...document.querySelectorAll('.statusbar-item')].map((each) => each.textContent).filter(Boolean),
    }));
    const tail = this.wire
      .entries()
      .slice(-6)
      .map((entry) => `${entry.from} ${JSON.stringify(entry.message ?? entry.text ?? '').slice(0, 300)}`);
    return { ...screen, line: await this.line(), ghost: await this.ghost(), tail };
  }

  /** After a case that failed: keeps what the screen showed, and puts away what stands in the way of the next. */
  async recover(name) {
    await this.picture(`${scratch.directory}/failed-${name.replaceAll(/\W+/g, '-')}.png`);
    await this.press('Escape', 'Escape', 'Escape');
  }

  async picture(file) {
    await this.page.screenshot({ path: file });
  }
}
