// The budget view: a tree, because trees can be used by keyboard and read aloud without anything of ours.

import * as vscode from 'vscode';
import type { Budget } from '../protocol';
import type { Server } from '../server/server';
import { type Row, rows } from './rows';

const ICONS: Record<Row['icon'], [name: string, colour?: string]> = {
  none: ['circle-outline'],
  info: ['info'],
  fine: ['pass', 'charts.green'],
  warning: ['warning', 'charts.yellow'],
  full: ['error', 'charts.red'],
  today: ['calendar'],
};

export class BudgetView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly view: vscode.TreeView<Row>;

  constructor(private readonly server: Server) {
    this.view = vscode.window.createTreeView('tandem.budget', { treeDataProvider: this });
    this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) this.refresh();
    });
  }

  refresh(): void {
    this.changes.fire();
  }

  async getChildren(parent?: Row): Promise<Row[]> {
    if (parent !== undefined || this.server.state.name !== 'running') return [];
    this.view.message = undefined as unknown as string;
    try {
      const budget = await this.server.request<Budget>('tandem/budget');
      const all = rows(budget, (ms) => new Date(ms).toLocaleString());
      if (budget.limits.length === 0 && budget.isOff === undefined) this.view.message = 'There is no limit.';
      return all;
    } catch (error) {
      this.view.message = `The budget cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      return [];
    }
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const item = new vscode.TreeItem(row.label, vscode.TreeItemCollapsibleState.None);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.accessibilityInformation = { label: row.spoken };
    const [icon, colour] = ICONS[row.icon];
    item.iconPath = colour === undefined ? new vscode.ThemeIcon(icon) : new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
    return item;
  }

  dispose(): void {
    this.changes.dispose();
    this.view.dispose();
  }
}
