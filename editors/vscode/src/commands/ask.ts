// The box that a question is written into, and what goes along with it.

import * as vscode from 'vscode';
import type { Question } from '../protocol';
import type { Server } from '../server/server';
import { problemOf, SUBJECTS, subjectLabel, titleOf } from '../question';

/** What of the editor a question is about: the selection, or the place of the cursor. */
export function place(server: Server, editor: vscode.TextEditor | undefined): Pick<Question, 'uri' | 'range'> {
  if (editor === undefined || !['file', 'untitled'].includes(editor.document.uri.scheme)) return {};
  const { converter } = server;
  return { uri: converter.asUri(editor.document.uri), range: converter.asRange(editor.selection) };
}

/** Asks for words and sends them. `given`: what is known of the question already, from a code action for example. */
export async function ask(server: Server, given: Question, command: 'tandem.ask' | 'tandem.preview'): Promise<void> {
  if (server.state.name !== 'running') {
    if ((await vscode.window.showWarningMessage('Tandem is not running.', 'Restart')) !== undefined) await server.restart();
    return;
  }
  const editor = vscode.window.activeTextEditor;
  const asked: Question = { ...place(server, editor), ...given };
  const hasSelection = editor !== undefined && !editor.selection.isEmpty;
  asked.subject ??= asked.uri === undefined ? 'workspace' : 'here';
  const box = vscode.window.createInputBox();
  const about: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('symbol-field'), tooltip: 'What the question is about' };
  const look: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('eye'), tooltip: 'Show what would be sent, and send nothing' };
  const show = (): void => {
    box.title = titleOf(asked, hasSelection, command === 'tandem.preview');
    box.placeholder = 'What do you want to know?';
    box.prompt = 'It is answered on this machine, unless you allow otherwise.';
  };
  box.ignoreFocusOut = true;
  box.buttons = asked.uri === undefined ? [look] : [about, look];
  const send = (what: 'tandem.ask' | 'tandem.preview'): void => {
    const problem = problemOf(box.value);
    if (problem !== undefined) {
      box.validationMessage = problem;
      return;
    }
    box.hide();
    run(server, what, { ...asked, question: box.value.trim() });
  };
  box.onDidChangeValue(() => {
    box.validationMessage = '';
  });
  box.onDidAccept(() => send(command));
  let isChoosing = false;
  box.onDidTriggerButton(async (button) => {
    if (button === look) return send('tandem.preview');
    isChoosing = true;
    const items = SUBJECTS.map((subject) => ({ label: subjectLabel(subject, hasSelection), subject }));
    const chosen = await vscode.window.showQuickPick(items, { title: 'What is the question about?' });
    isChoosing = false;
    if (chosen !== undefined) asked.subject = chosen.subject;
    show();
    box.show();
  });
  box.onDidHide(() => {
    // The list of subjects hides it, too, and brings it back.
    if (!isChoosing) box.dispose();
  });
  show();
  box.show();
}

/** Sends a question, or shows what it would send. What cannot be asked is said. */
export function run(server: Server, command: 'tandem.ask' | 'tandem.preview', question: Question): void {
  server.execute(command, question).catch((error: unknown) => {
    void vscode.window.showWarningMessage(`Tandem cannot take this question: ${error instanceof Error ? error.message : String(error)}`);
  });
}
