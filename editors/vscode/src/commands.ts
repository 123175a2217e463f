// The commands of the palette and the menus. Each is a line here; what it does is in a room of its own. The server's commands
// (`tandem.ask` and others) are registered by its client under the names that it announces, so these have names beside them.

import * as vscode from 'vscode';
import { ask, explain } from './commands/ask';
import { openConfig, provider, removeKey, setKey, setLimit } from './commands/cloud';
import { menu } from './commands/menu';
import { choosePath, openDocs, openSettings, openWalkthrough } from './commands/program';
import { eagerness, model, nextEdit, pause, why } from './commands/suggestions';
import type { Documents } from './documents';
import type { Keys } from './keys/store';
import type { Server } from './server/server';
import { isRecord } from './settings/start';

export interface Parts {
  server: Server;
  documents: Documents;
  keys: Keys;
  log: vscode.LogOutputChannel;
  /** `publisher.name`. */
  extensionId: string;
  showAnswers(): void;
  cancelOne(): void;
  lastAnswer(): string | undefined;
  refreshBudget(): void;
}

export function register(parts: Parts): vscode.Disposable[] {
  const { server, documents, keys, log, extensionId } = parts;
  const commands: Record<string, (argument?: unknown) => unknown> = {
    menu: () => menu(server),
    ask: () => ask(server, {}, 'tandem.ask'),
    preview: () => ask(server, {}, 'tandem.preview'),
    explain: () => explain(server),
    showAnswers: () => parts.showAnswers(),
    cancel: () => server.execute('tandem.cancel'),
    cancelOne: () => parts.cancelOne(),
    copyAnswer: () => copy(parts.lastAnswer()),
    why: () => why(server, documents),
    nextEdit: () => nextEdit(server),
    pause: () => pause(server),
    resume: () => server.execute('tandem.resume'),
    eagerness,
    model,
    provider,
    setKey: () => setKey(keys),
    removeKey: () => removeKey(keys),
    setLimit: async () => {
      await setLimit(server);
      parts.refreshBudget();
    },
    budget: () => vscode.commands.executeCommand('tandem.budget.focus'),
    refreshBudget: () => parts.refreshBudget(),
    audit: () => server.execute('tandem.audit'),
    trust: () => server.execute('tandem.trust'),
    log: () => log.show(),
    restart: () => server.restart(),
    choosePath,
    settings: () => openSettings(extensionId),
    openConfig,
    walkthrough: () => openWalkthrough(extensionId),
    docs: openDocs,
  };
  const own = Object.entries(commands).map(([name, command]) => vscode.commands.registerCommand(`tandem.ui.${name}`, told(command)));
  // The server's code actions that need words carry this one.
  const prompt = told((given) => ask(server, isRecord(given) ? given : {}, 'tandem.ask'));
  return [...own, vscode.commands.registerCommand('tandem.prompt', prompt)];
}

async function copy(text: string | undefined): Promise<void> {
  if (text === undefined) return void vscode.window.showInformationMessage('There is no answer yet.');
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('Copied the answer', 2_000);
}

/** What a command fails with is a sentence for the user. */
function told(command: (argument?: unknown) => unknown): (argument?: unknown) => Promise<unknown> {
  return async (argument) => {
    try {
      return await command(argument);
    } catch (error) {
      void vscode.window.showWarningMessage(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
}
