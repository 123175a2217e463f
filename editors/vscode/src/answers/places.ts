// Opens what an answer points to: a cited place, a file that was sent, a change to look at. Nothing here changes a file.

import * as vscode from 'vscode';
import type { Documents } from '../documents';
import type { Answer } from './conversation';

/** Schemes of files that the editor has. Another one could do something when it is opened. */
const SCHEMES = new Set(['file', 'untitled', 'vscode-remote']);

export async function openPlace(address: string, line: number, endLine: number, beside: vscode.ViewColumn | undefined): Promise<void> {
  const uri = vscode.Uri.parse(address, true);
  if (!SCHEMES.has(uri.scheme)) return;
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    const last = Math.max(0, Math.min(endLine, document.lineCount) - 1);
    const first = Math.min(Math.max(0, line - 1), last);
    const selection = new vscode.Range(first, 0, last, document.lineAt(last).text.length);
    await vscode.window.showTextDocument(document, { selection, viewColumn: otherThan(beside), preserveFocus: false });
  } catch {
    void vscode.window.showWarningMessage(`${vscode.workspace.asRelativePath(uri)} cannot be opened. It may have been moved since.`);
  }
}

/** Not where the answer stands. */
function otherThan(column: vscode.ViewColumn | undefined): vscode.ViewColumn {
  if (column === undefined || column !== vscode.ViewColumn.One) return vscode.ViewColumn.One;
  return vscode.ViewColumn.Two;
}

/** Shows a proposed change beside what is there: as a comparison where it applies, else as it was written. */
export async function review(answer: Answer, documents: Documents): Promise<void> {
  const diff = answer.footer?.diff;
  if (diff === undefined) return;
  const files = (diff.files ?? []).flatMap(({ path, uri, newText }) =>
    newText === undefined ? [] : [{ path, uri: vscode.Uri.parse(uri, true), newText }],
  );
  const applies =
    diff.problems.length === 0 &&
    files.length > 0 &&
    files.length === diff.files?.length &&
    files.every(({ uri }) => SCHEMES.has(uri.scheme));
  if (!applies) {
    const document = await vscode.workspace.openTextDocument({ language: 'diff', content: diff.text });
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.One });
    return;
  }
  const pairs = await Promise.all(
    files.map(async ({ path, uri, newText }) => ({
      path,
      uri,
      before: (await exists(uri)) ? uri : undefined,
      // Under the file's own path: another one would look like a file that is renamed.
      after: documents.add(uri.path, newText),
    })),
  );
  const [only] = pairs;
  if (pairs.length === 1 && only !== undefined) {
    const before = only.before ?? documents.add(only.path, '');
    const where = { viewColumn: vscode.ViewColumn.One, preview: true };
    await vscode.commands.executeCommand('vscode.diff', before, only.after, `${only.path} (proposed)`, where);
    return;
  }
  // This one opens where the focus is, which is on the answer.
  await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup');
  const changes = pairs.map(({ uri, before, after }) => [uri, before, after]);
  await vscode.commands.executeCommand('vscode.changes', `${answer.title} (proposed)`, changes);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  if (uri.scheme === 'untitled') return true;
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
