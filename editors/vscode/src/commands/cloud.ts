// Everything about a cloud model: who is asked, with which key, for how much. All of it is the user's own, and none of a folder's.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { isVariable, type KeySource, PROVIDERS, sources } from '../keys/providers';
import type { Keys } from '../keys/store';
import { limitProblem } from '../limit';
import type { Server } from '../server/server';
import { isRecord } from '../settings/start';
import { userFile } from '../settings/userFile';

const configuration = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('tandem');

export async function provider(): Promise<void> {
  const own = configuration().get<unknown>('cloud.providers');
  const now = configuration().get<string>('cloud.provider') ?? '';
  const names = [...(isRecord(own) ? Object.keys(own) : []), ...PROVIDERS];
  const items = [
    ...names.map((label) => ({ label, description: label === now ? 'as it is now' : '' })),
    { label: 'None', description: 'every question stays on this machine' },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Who may be asked?',
    placeHolder: 'Nothing is sent before you saw what, and allowed it',
  });
  if (chosen === undefined) return;
  const { Global } = vscode.ConfigurationTarget;
  if (chosen.label === 'None') {
    await configuration().update('cloud.model', undefined, Global);
    return configuration().update('cloud.provider', undefined, Global);
  }
  const model = await vscode.window.showInputBox({
    title: `Which model of ${chosen.label}?`,
    prompt: 'Its id, as the provider spells it. `tandem prices` lists those whose price is known.',
    value: chosen.label === now ? (configuration().get<string>('cloud.model') ?? '') : '',
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? 'A model is needed' : undefined),
  });
  if (model === undefined) return;
  await configuration().update('cloud.model', model.trim(), Global);
  await configuration().update('cloud.provider', chosen.label, Global);
}

/** Returns whether a key was kept. */
export async function setKey(keys: Keys): Promise<boolean> {
  const kept = new Set(await keys.variables());
  const now = configuration().get<string>('cloud.provider');
  const known = sources(configuration().get('cloud.providers'));
  known.sort((one, other) => Number(other.provider === now) - Number(one.provider === now));
  const items: (vscode.QuickPickItem & { source?: KeySource })[] = known.map((source) => ({
    label: source.provider,
    description: kept.has(source.variable) ? `${source.variable}, set` : source.variable,
    source,
  }));
  items.push({ label: 'Another variable…', description: 'one that config.toml names by keyEnv' });
  const chosen = await vscode.window.showQuickPick(items, { title: 'Whose key?' });
  if (chosen === undefined) return false;
  const variable = chosen.source?.variable ?? (await askVariable());
  if (variable === undefined) return false;
  const key = await vscode.window.showInputBox({
    title: `The key for ${chosen.source?.provider ?? variable}`,
    prompt: 'Kept in the secret storage of this editor, and given to Tandem’s own process alone.',
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/^[\x21-\x7e]+$/.test(text.trim()) ? undefined : 'A key has letters, digits and marks, and no spaces'),
  });
  if (key === undefined) return false;
  await keys.set(variable, key.trim());
  return true;
}

async function askVariable(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'The environment variable that Tandem reads the key from',
    ignoreFocusOut: true,
    validateInput: (text) => (isVariable(text) ? undefined : 'The name of a variable, such as WORK_API_KEY, and none that programs use'),
  });
}

/** Returns whether one was removed. */
export async function removeKey(keys: Keys): Promise<boolean> {
  const kept = await keys.variables();
  if (kept.length === 0) {
    void vscode.window.showInformationMessage('No key is kept here.');
    return false;
  }
  const variable = await vscode.window.showQuickPick(kept, { title: 'Which key is to be removed?' });
  if (variable === undefined) return false;
  await keys.remove(variable);
  return true;
}

/** Adds a limit to the user's config.toml, where it holds for every editor and for the command line. */
export async function setLimit(server: Server): Promise<void> {
  const { state } = server;
  if (state.name !== 'running') return void vscode.window.showWarningMessage('Tandem is not running.');
  const limit = await vscode.window.showInputBox({
    title: 'What may be spent?',
    value: '$20 per month',
    prompt:
      'Without a monthly limit no cloud model is asked. It is written into your config.toml; one for the same period takes the old one’s place.',
    ignoreFocusOut: true,
    validateInput: limitProblem,
  });
  if (limit === undefined) return;
  try {
    await runOnce(state.file, ['budget', 'set', limit.trim()]);
  } catch (error) {
    void vscode.window.showErrorMessage(`The limit was not set: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  void vscode.window.showInformationMessage(`Limit set: ${limit.trim()}`);
}

/** Runs the program for one command. Rejects with what it says of its failure. */
function runOnce(file: string, arguments_: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, arguments_, { cwd: homedir(), timeout: 20_000, maxBuffer: 1 << 20, windowsHide: true }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      reject(
        new Error(
          stderr
            .trim()
            .slice(0, 500)
            .replace(/^tandem: /, '') || error.message,
        ),
      );
    });
  });
}

const FIRST_LINES =
  '# Your settings of Tandem, for every editor and the command line.\n# All of them: https://github.com/tandem-ls/tandem/blob/main/docs/configuration.md\n';

export async function openConfig(): Promise<void> {
  const file = userFile(process.env, process.platform, homedir());
  try {
    await mkdir(dirname(file), { recursive: true });
    // Only where there is none.
    await writeFile(file, FIRST_LINES, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      void vscode.window.showErrorMessage(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
  }
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}
