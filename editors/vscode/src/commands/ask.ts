// The box that a question is written into, and what goes along with it.

import * as vscode from 'vscode';
import type { Question } from '../protocol';
import { message } from '../server/lifecycle';
import type { Server } from '../server/server';
import { problemOf, problemOfPlace, SUBJECTS, subjectLabel, titleOf } from '../question';

/** What of the editor a question is about: the selection, or the place of the cursor. Nothing where the server knows no such place. */
function place(server: Server, editor: vscode.TextEditor | undefined): Pick<Question, 'uri' | 'range'> {
  if (editor === undefined || !['file', 'untitled'].includes(editor.document.uri.scheme)) return {};
  const { converter } = server;
  return { uri: converter.asUri(editor.document.uri), range: converter.asRange(editor.selection) };
}

/** Asks what stands at the cursor. Rejects with a sentence where nothing stands there that can be asked about. */
export async function explain(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const problem = problemOfPlace(editor?.document.uri.scheme);
  if (problem !== undefined) throw new Error(problem);
  await run(server, 'tandem.ask', { ...place(server, editor), kind: 'explain', subject: 'here' });
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
  const isUnsaved = asked.uri?.startsWith('untitled:') === true;
  asked.subject ??= asked.uri === undefined || isUnsaved ? 'workspace' : 'here';
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
  let isGone = false;
  const send = async (what: 'tandem.ask' | 'tandem.preview'): Promise<void> => {
    if (box.busy) return;
    const isPlaceless = isUnsaved && asked.subject !== 'workspace';
    const wrong = problemOf(box.value) ?? (isPlaceless ? problemOfPlace('untitled') : undefined);
    if (wrong !== undefined) {
      box.validationMessage = wrong;
      return;
    }
    const { uri, range, ...rest } = asked;
    const where = isUnsaved ? {} : { ...(uri === undefined ? {} : { uri }), ...(range === undefined ? {} : { range }) };
    box.busy = true;
    const problem = await taken(server, what, { ...rest, ...where, question: box.value.trim() });
    if (problem === undefined) return isGone ? undefined : box.hide();
    if (isGone) return warn(problem);
    // The words stay: they may be sent again when the server is back.
    box.busy = false;
    box.validationMessage = problem;
  };
  box.onDidChangeValue(() => {
    box.validationMessage = '';
  });
  box.onDidAccept(() => void send(command));
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
    if (isChoosing) return;
    isGone = true;
    box.dispose();
  });
  show();
  box.show();
}

/** Sends a question, or shows what it would send. What cannot be asked is said. Whether it was taken. */
export async function run(server: Server, command: 'tandem.ask' | 'tandem.preview', question: Question): Promise<boolean> {
  const problem = await taken(server, command, question);
  if (problem !== undefined) warn(problem);
  return problem === undefined;
}

/** Cancels a question of the server's. */
export async function cancel(server: Server, question: number): Promise<void> {
  try {
    await server.execute('tandem.cancel', question);
  } catch (error) {
    warn(`The question was not cancelled: ${message(error)}`);
  }
}

/** Why the server did not take a question, or undefined where it did. */
async function taken(server: Server, command: 'tandem.ask' | 'tandem.preview', question: Question): Promise<string | undefined> {
  try {
    await server.execute(command, question);
    return undefined;
  } catch (error) {
    return `Tandem cannot take this question: ${message(error)}`;
  }
}

function warn(problem: string): void {
  void vscode.window.showWarningMessage(problem);
}
