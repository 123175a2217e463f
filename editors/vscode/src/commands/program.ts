// Choosing the server's program, and the pages that tell more.

import * as vscode from 'vscode';

const DOCS = 'https://github.com/tandem-ls/tandem/blob/main/docs/editors/vscode.md';

/** The setting changes, and with it the server is started anew. */
export async function choosePath(): Promise<void> {
  const picked = await vscode.window.showOpenDialog({ title: 'The tandem program', openLabel: 'Use this program', canSelectMany: false });
  const file = picked?.[0]?.fsPath;
  if (file !== undefined) await vscode.workspace.getConfiguration('tandem').update('path', file, vscode.ConfigurationTarget.Global);
}

export async function openDocs(): Promise<void> {
  await vscode.env.openExternal(vscode.Uri.parse(DOCS));
}

export async function openSettings(id: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${id}`);
}

export async function openWalkthrough(id: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${id}#tandem.start`, false);
}
