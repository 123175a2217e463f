// The item in the status bar. What it says is made in `words.ts`.

import * as vscode from 'vscode';
import type { Server } from '../server/server';
import { words } from './words';

/** A pause that ends by itself is counted down, in ms. */
const TICK_MS = 30_000;

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly server: Server) {
    this.item = vscode.window.createStatusBarItem('tandem.status', vscode.StatusBarAlignment.Right, 100);
    this.item.name = 'Tandem';
    this.item.command = 'tandem.ui.menu';
    this.timer = setInterval(() => this.show(), TICK_MS);
    this.show();
    this.item.show();
  }

  show(): void {
    const { state, status } = this.server;
    const said = words({ state, status, isTrusted: vscode.workspace.isTrusted, now: Date.now() });
    this.item.text = said.text;
    // Plain text: parts of it come from the server and from file names.
    this.item.tooltip = said.lines.join('\n');
    this.item.accessibilityInformation = { label: said.label, role: 'button' };
    const colour = { none: undefined, warning: 'statusBarItem.warningBackground', error: 'statusBarItem.errorBackground' }[said.severity];
    this.item.backgroundColor = colour === undefined ? undefined : new vscode.ThemeColor(colour);
    const isRunning = state.name === 'running';
    setContext('tandem.isRunning', isRunning);
    setContext('tandem.isPaused', isRunning && status?.paused === true);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.item.dispose();
  }
}

const known = new Map<string, boolean>();

/** Only what has changed: the status comes up to ten times a second. */
export function setContext(name: string, value: boolean): void {
  if (known.get(name) === value) return;
  known.set(name, value);
  void vscode.commands.executeCommand('setContext', name, value);
}
