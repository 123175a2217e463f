// The menu of the status bar.

import * as vscode from 'vscode';
import { type Entry, entries } from '../menu';
import type { Server } from '../server/server';
import { words } from '../status/words';

type Item = vscode.QuickPickItem & { entry?: Entry };

export async function menu(server: Server): Promise<void> {
  const { state, status } = server;
  const isTrusted = vscode.workspace.isTrusted;
  const items = entries(state, status, isTrusted).map((entry): Item => {
    if (entry === 'line') return { label: '', kind: vscode.QuickPickItemKind.Separator };
    return { label: entry.label, description: entry.now ?? '', entry };
  });
  const { lines } = words({ state, status, isTrusted, now: Date.now() });
  const chosen = await vscode.window.showQuickPick(items, { title: lines[0] ?? 'Tandem', placeHolder: lines.slice(1, 3).join(' · ') });
  if (chosen?.entry !== undefined) await vscode.commands.executeCommand(chosen.entry.command);
}
