// What can be done with suggestions: paused, more or fewer of them, another model, why.

import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { Documents } from '../documents';
import type { Server } from '../server/server';
import { type Why, whyText } from '../why';

const PAUSES: { label: string; minutes?: number }[] = [
  { label: '5 minutes', minutes: 5 },
  { label: '15 minutes', minutes: 15 },
  { label: '1 hour', minutes: 60 },
  { label: '8 hours', minutes: 480 },
  { label: 'Until you resume' },
];

export async function pause(server: Server): Promise<void> {
  const chosen = await vscode.window.showQuickPick(PAUSES, {
    title: 'Pause suggestions',
    placeHolder: 'For how long? Asking by key goes on.',
  });
  if (chosen === undefined) return;
  await (chosen.minutes === undefined ? server.execute('tandem.pause') : server.execute('tandem.pause', chosen.minutes));
}

const LEVELS = [
  { label: 'low', detail: 'Only what is very likely right' },
  { label: 'medium', detail: 'What is likely right' },
  { label: 'high', detail: 'More, and more of it wrong' },
  { label: 'A number…', detail: '0 shows next to nothing, 100 everything' },
];

/** Writes the user's own setting; a folder that lowers it still does. */
export async function eagerness(): Promise<void> {
  const now = vscode.workspace.getConfiguration('tandem').get<unknown>('completion.eagerness');
  const items = LEVELS.map((level) => (level.label === now ? { ...level, description: 'as it is now' } : level));
  const chosen = await vscode.window.showQuickPick(items, { title: 'How readily are suggestions shown?' });
  if (chosen === undefined) return;
  let value: string | number = chosen.label;
  if (value === LEVELS.at(-1)?.label) {
    const typed = await vscode.window.showInputBox({
      title: 'Eagerness from 0 to 100',
      value: typeof now === 'number' ? String(now) : '50',
      validateInput: (text) => (/^(100|\d{1,2})$/.test(text.trim()) ? undefined : 'A whole number from 0 to 100'),
    });
    if (typed === undefined) return;
    value = Number(typed.trim());
  }
  await vscode.workspace.getConfiguration('tandem').update('completion.eagerness', value, vscode.ConfigurationTarget.Global);
}

export async function model(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('tandem');
  const now = configuration.get<string | null>('engine.model') ?? '';
  const [own, choose, lookup] = ['The starter model that comes with Tandem', 'Choose a GGUF file…', 'No model: lookup alone'];
  const items = [
    { label: choose, description: now },
    { label: own, description: now === '' ? 'as it is now' : '' },
    { label: lookup, description: configuration.get('engine.choice') === 'lookup' ? 'as it is now' : '' },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Which model writes suggestions?',
    placeHolder: 'It runs on this machine',
  });
  if (chosen === undefined) return;
  const { Global } = vscode.ConfigurationTarget;
  if (chosen.label === lookup) return configuration.update('engine.choice', 'lookup', Global);
  let file: string | undefined;
  if (chosen.label === choose) {
    const picked = await vscode.window.showOpenDialog({
      title: 'A model in GGUF',
      openLabel: 'Use this model',
      filters: { GGUF: ['gguf'] },
      canSelectMany: false,
      defaultUri: vscode.Uri.file(now === '' ? homedir() : now),
    });
    file = picked?.[0]?.fsPath;
    if (file === undefined) return;
  }
  await configuration.update('engine.model', file, Global);
  await configuration.update('engine.choice', undefined, Global);
}

export async function why(server: Server, documents: Documents): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return void vscode.window.showInformationMessage('Put the cursor where you want to know why.');
  const { document, selection } = editor;
  const { converter } = server;
  const told = await server.request<Why | null>('tandem/why', {
    textDocument: converter.asTextDocumentIdentifier(document),
    position: converter.asPosition(selection.active),
  });
  const at = `${vscode.workspace.asRelativePath(document.uri)}:${selection.active.line + 1}:${selection.active.character + 1}`;
  if (told === null) {
    const chosen = await vscode.window.showInformationMessage(`Nothing was asked at ${at} yet.`, 'Ask now');
    if (chosen !== undefined) await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    return;
  }
  await documents.show(`Why at ${at.replace(/[/\\:]/g, ' ')}.md`, whyText(told, at));
}

export async function nextEdit(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const { converter } = server;
  const found = await server.execute<{ message: string; more: number } | null>('tandem.nextEdit', {
    textDocument: converter.asTextDocumentIdentifier(editor.document),
    position: converter.asPosition(editor.selection.active),
  });
  const text = found === null ? 'Nothing was left behind.' : `${found.message}${found.more > 0 ? ` (${found.more} more)` : ''}`;
  vscode.window.setStatusBarMessage(`$(arrow-right) ${text}`, 6_000);
}
