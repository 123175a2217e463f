// Read-only documents of the extension's own: what would be sent, why something was suggested, how a file would look after a change.
// They live in memory until their editor is closed. They may hold source text: shown to the user, written nowhere.

import * as vscode from 'vscode';

export const SCHEME = 'tandem-view';

/** Documents that nobody closed are forgotten beyond these. */
const MOST = 60;

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly disposables: vscode.Disposable[];
  private next = 1;

  constructor() {
    this.disposables = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === SCHEME) this.texts.delete(document.uri.toString());
      }),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? 'This was not kept. Ask for it again.';
  }

  /** An address for a text. `path` is what the tab shows; its end tells the language. */
  add(path: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path.replace(/^\/+/, '')}`, query: String(this.next++) });
    this.texts.set(uri.toString(), text);
    const oldest = this.texts.keys().next().value;
    if (this.texts.size > MOST && oldest !== undefined) this.texts.delete(oldest);
    return uri;
  }

  /** Opens a text beside what is edited. */
  async show(name: string, text: string): Promise<void> {
    await vscode.window.showTextDocument(this.add(name, text), { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
    this.texts.clear();
  }
}
