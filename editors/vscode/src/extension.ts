// The extension's door: puts the rooms together. What is not needed before the server runs is loaded when it is.

import * as vscode from 'vscode';
import { Server } from './server/server';
import { tell } from './server/trouble';
import { StatusBar } from './status/bar';

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Tandem', { log: true });
  const started = new Server(
    context,
    log,
    { answer: () => undefined, consent: () => Promise.resolve('no') },
    () => Promise.resolve({}),
    (state) => void tell(state),
  );
  server = started;
  const bar = new StatusBar(started);
  context.subscriptions.push(log, started, bar, started.onDidChange(() => bar.show()));
  context.subscriptions.push(
    vscode.commands.registerCommand('tandem.ui.restart', () => started.restart()),
    vscode.commands.registerCommand('tandem.ui.log', () => log.show()),
  );
  // After the editor had its turn: starting a process is not part of activation.
  setImmediate(() => void started.restart());
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
