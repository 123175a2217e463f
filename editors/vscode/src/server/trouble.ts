// Tells the user once that the server cannot run, with the ways out as buttons.

import * as vscode from 'vscode';
import { explain, LABELS, type WayOut } from './failure';
import type { State } from './lifecycle';

const COMMANDS: Record<WayOut, string> = {
  choose: 'tandem.ui.choosePath',
  log: 'tandem.ui.log',
  docs: 'tandem.ui.docs',
  restart: 'tandem.ui.restart',
};

export async function tell(state: State): Promise<void> {
  if (state.name !== 'failed') return;
  const { message, ways } = explain(state.failure);
  const chosen = await vscode.window.showErrorMessage(message, ...ways.map((way) => LABELS[way]));
  const way = ways.find((way) => LABELS[way] === chosen);
  if (way !== undefined) await vscode.commands.executeCommand(COMMANDS[way]);
}
