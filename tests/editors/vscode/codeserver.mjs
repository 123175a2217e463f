// VS Code as code-server: a process of its own with private folders, on a free port of this machine, and a Chromium to see it.

import fs from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { probe } from './probe.mjs';

const { chromium } = await import(`${scratch.programs}/node_modules/playwright-core/index.mjs`);

/** What would move, blink, ask or phone while a test looks on. */
const QUIET = {
  'chat.disableAIFeatures': true,
  'editor.accessibilitySupport': 'off',
  'editor.cursorBlinking': 'solid',
  'editor.cursorSmoothCaretAnimation': 'off',
  'editor.fontFamily': "'JetBrains Mono', 'DejaVu Sans Mono', monospace",
  'editor.minimap.enabled': false,
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.wordBasedSuggestions': 'off',
  'editor.stickyScroll.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'npm.autoDetect': 'off',
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'typescript.tsserver.enable': false,
  'update.mode': 'none',
  'window.commandCenter': false,
  'window.confirmBeforeClose': 'never',
  'workbench.enableExperiments': false,
  'workbench.layoutControl.enabled': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** The same for settings that code-server takes from the machine alone. */
const QUIET_MACHINE = { 'workbench.welcomePage.walkthroughs.openOnInstall': false };

/** Homes whose processes end with this one, however it ends. */
const homes = new Set();
process.on('exit', () => {
  for (const home of homes) for (const id of scratch.processes(home).keys()) end(id, 'SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(1));

function end(id, signal) {
  try {
    process.kill(id, signal);
  } catch {
    // It ended by itself.
  }
}

export class CodeServer {
  /**
   * Installs the extension and starts. `user` are settings as a user writes them; those of `machine` cannot be set by a folder
   * and stand where code-server keeps such. `trusted` says whether the workspace is trusted before it is opened.
   */
  static async start(name, { environment = {}, user = {}, machine = {}, trusted = true, prepare } = {}) {
    const self = new CodeServer();
    self.home = scratch.makeHome(name, environment);
    homes.add(self.home.home);
    self.data = `${self.home.home}/vscode`;
    const settings = { ...QUIET, 'security.workspace.trust.enabled': !trusted, ...user };
    scratch.write(`${self.data}/User/settings.json`, JSON.stringify(settings, null, 2));
    self.setMachine(machine);
    scratch.write(`${self.home.environment.XDG_CONFIG_HOME}/code-server/config.yaml`, 'auth: none\ncert: false\n');
    await prepare?.(self.home);
    self.install();
    await self.listen();
    return self;
  }

  /** Changes settings of the machine, as a user does in the file while VS Code runs. */
  setMachine(machine) {
    scratch.write(`${this.data}/Machine/settings.json`, JSON.stringify({ ...QUIET_MACHINE, ...machine }, null, 2));
  }

  arguments() {
    return [
      `${scratch.programs}/node_modules/code-server/out/node/entry.js`,
      '--user-data-dir',
      this.data,
      '--extensions-dir',
      `${this.home.home}/extensions`,
    ];
  }

  environment() {
    const { PATH } = this.home.environment;
    return { ...process.env, ...this.home.environment, PATH, NODE_OPTIONS: '', VSCODE_PROXY_URI: '' };
  }

  install() {
    const words = [...this.arguments(), '--install-extension', scratch.vsix];
    const result = spawnSync(`${scratch.programs}/bin/node`, words, { env: this.environment(), encoding: 'utf8', timeout: 120_000 });
    check.truthy(result.status === 0, `cannot install ${scratch.vsix}: ${result.stdout}${result.stderr}`);
    this.installed = result.stdout;
  }

  /** The ids of the installed extensions. */
  extensions() {
    const words = [...this.arguments(), '--list-extensions'];
    const result = spawnSync(`${scratch.programs}/bin/node`, words, { env: this.environment(), encoding: 'utf8', timeout: 120_000 });
    return result.stdout.split('\n').filter((line) => /^[\w-]+\.[\w-]+$/.test(line));
  }

  async listen() {
    const words = [
      ...this.arguments(),
      '--auth=none',
      '--bind-addr=127.0.0.1:0',
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-getting-started-override',
      '--ignore-last-opened',
    ];
    this.output = '';
    const output = fs.createWriteStream(`${this.home.home}/code-server.log`);
    this.process = spawn(`${scratch.programs}/bin/node`, words, { env: this.environment(), cwd: this.home.home });
    this.process.on('exit', () => (this.ended = true));
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (data) => {
        this.output += data;
        output.write(data);
      });
    }
    this.address = await check.wait(
      'code-server to listen',
      () => /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(this.output)?.[1],
      () => this.output,
    );
  }

  /** Opens a window of Chromium on a folder, in a browser that is started for it if there is none yet. */
  async window(folder = this.home.workspace, { width = 1100, height = 700, scale = 1, theme = 'dark' } = {}) {
    this.browser ??= await chromium.launch({
      executablePath: `${scratch.programs}/bin/chromium`,
      args: ['--disable-gpu', '--font-render-hinting=none'],
      env: { ...process.env, HOME: this.home.home, XDG_CACHE_HOME: this.home.environment.XDG_CACHE_HOME },
    });
    this.context ??= await this.browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      colorScheme: theme,
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await this.context.newPage();
    page.setDefaultTimeout(check.patience);
    await page.addInitScript(probe);
    return { page, url: `${this.address}/?folder=${encodeURIComponent(folder)}` };
  }

  async closeBrowser() {
    await this.browser?.close();
    this.browser = this.context = undefined;
  }

  /** Ends everything that was started for this home, each by its number. */
  async stop() {
    await this.closeBrowser();
    if (!this.ended) this.process.kill('SIGTERM');
    await check.wait('code-server to end', () => this.ended);
    // Those that serve others for a while, like a terminal's, are not waited for.
    for (const id of scratch.processes(this.home.home).keys()) end(id, 'SIGTERM');
    await scratch.waitUntilGone(this.home.home);
    homes.delete(this.home.home);
  }
}
