// The view of answers: a page in an editor tab. What it shows is held by `Conversation`, so that it can be closed, hidden and opened
// again; nothing of it is kept beyond the window.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { AnswerEvent } from '../protocol';
import { type Answer, Conversation, plainText, rendered } from './conversation';
import { type AskState, type FromView, read, type ToView } from './messages';
import { page } from './page';
import { Patches } from './patch';
import { shown } from './words';

/** A stream is shown at most this often, in ms, and a long answer seldom enough that rendering takes a tenth of the time. */
const FLUSH_MS = 80;
const RENDER_SHARE = 10;
const ID = 'tandem.answers';

export interface PanelActions {
  ask(text: string, thread: string | undefined): void;
  cancel(question: number): void;
  review(answer: Answer): void;
  /** Shows a place beside the view. `line` counts from 1. */
  open(uri: string, line: number, endLine: number, column: vscode.ViewColumn | undefined): void;
  /** Whether something is being answered, or can be asked, is not as it was. */
  changed(): void;
}

export class Answers implements vscode.Disposable {
  readonly conversation = new Conversation();
  private panel: vscode.WebviewPanel | undefined;
  private isReady = false;
  private focusWhenReady = false;
  private draft = '';
  private isServerRunning = false;
  private readonly patches = new Patches();
  private readonly dirty = new Set<Answer>();
  private timer: NodeJS.Timeout | undefined;
  private pause = FLUSH_MS;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly actions: PanelActions,
  ) {}

  apply(event: AnswerEvent): void {
    const before = new Set(this.conversation.answers.map((answer) => answer.id));
    const answer = this.conversation.apply(event);
    if (answer === undefined) return;
    if (event.event === 'begin') {
      this.open(true);
      for (const id of before) if (this.conversation.find(id) === undefined) this.remove(id);
    }
    this.dirty.add(answer);
    const isEnd = event.event === 'begin' || event.event === 'done' || event.event === 'failed';
    if (isEnd) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.pause);
    if (isEnd) {
      this.post({ type: 'ask', ask: this.askState() });
      this.actions.changed();
    }
  }

  setServer(isRunning: boolean): void {
    if (this.isServerRunning === isRunning) return;
    this.isServerRunning = isRunning;
    if (!isRunning) {
      for (const answer of this.conversation.serverGone()) this.dirty.add(answer);
      this.flush();
      this.actions.changed();
    }
    this.post({ type: 'ask', ask: this.askState() });
  }

  /** Shows the view; `preserveFocus` where the user is busy elsewhere. */
  open(preserveFocus: boolean): void {
    if (this.panel === undefined) this.create(preserveFocus);
    else if (!preserveFocus || !this.panel.visible) this.panel.reveal(undefined, preserveFocus);
    if (!preserveFocus) {
      this.focusWhenReady = !this.isReady;
      this.post({ type: 'focus' });
    }
  }

  /** The last answer's text, or undefined where there is none. */
  lastText(): string | undefined {
    const last = this.conversation.answers.at(-1);
    return last === undefined ? undefined : plainText(last);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.panel?.dispose();
  }

  private create(preserveFocus: boolean): void {
    const files = vscode.Uri.joinPath(this.extension, 'dist');
    const panel = vscode.window.createWebviewPanel(
      ID,
      'Tandem Answers',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
      { enableScripts: true, enableFindWidget: true, localResourceRoots: [files], enableCommandUris: false },
    );
    const icon = (name: string) => vscode.Uri.joinPath(this.extension, 'media', name);
    panel.iconPath = { light: icon('tandem-light.svg'), dark: icon('tandem-dark.svg') };
    const address = (name: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(files, name)).toString();
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const said = read(message);
      if (said !== undefined) this.take(said);
    });
    // A hidden page is thrown away by the editor and says that it is ready when it is there again.
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.isReady = false;
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.isReady = false;
    });
    this.panel = panel;
    panel.webview.html = page({
      script: address('view.js'),
      style: address('view.css'),
      source: panel.webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
    });
  }

  private take(said: FromView): void {
    switch (said.type) {
      case 'ready':
        return this.reset();
      case 'draft':
        this.draft = said.text;
        return;
      case 'ask':
        this.draft = '';
        return this.actions.ask(said.text, said.isNew ? undefined : this.thread()?.footer?.thread);
    }
    const answer = this.conversation.find(said.id);
    if (answer === undefined) return;
    switch (said.type) {
      case 'cancel':
        return this.actions.cancel(answer.question);
      case 'copy':
        void vscode.env.clipboard.writeText(plainText(answer)).then(() => vscode.window.setStatusBarMessage('Copied the answer', 2_000));
        return;
      case 'review':
        return this.actions.review(answer);
      case 'open': {
        const citation = answer.citations[said.citation];
        if (citation?.isVerified === true && citation.uri !== undefined) {
          this.actions.open(citation.uri, citation.line, citation.endLine ?? citation.line, this.panel?.viewColumn);
        }
        return;
      }
      case 'file': {
        const file = answer.footer?.files[said.file];
        if (file?.uri !== undefined) this.actions.open(file.uri, 1, 1, this.panel?.viewColumn);
      }
    }
  }

  private reset(): void {
    this.isReady = true;
    this.patches.forget();
    this.dirty.clear();
    const answers = this.conversation.answers.map((answer) => {
      const blocks = rendered(answer);
      this.patches.next(answer.id, blocks);
      return { shown: shown(answer), blocks };
    });
    this.post({ type: 'reset', answers, ask: this.askState(), draft: this.draft });
    if (this.focusWhenReady) this.post({ type: 'focus' });
    this.focusWhenReady = false;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.isReady) return this.dirty.clear();
    const before = performance.now();
    for (const answer of this.dirty) {
      this.post({ type: 'answer', shown: shown(answer) });
      const patch = this.patches.next(answer.id, rendered(answer));
      if (patch !== undefined) this.post({ type: 'blocks', id: answer.id, ...patch });
    }
    this.dirty.clear();
    this.pause = Math.max(FLUSH_MS, (performance.now() - before) * RENDER_SHARE);
  }

  private remove(id: number): void {
    this.patches.forget(id);
    this.post({ type: 'remove', id });
  }

  /** The newest answer that can be gone on with. */
  private thread(): Answer | undefined {
    return this.conversation.answers.findLast((answer) => answer.footer?.thread !== undefined);
  }

  private askState(): AskState {
    const thread = this.thread();
    const label = thread === undefined ? 'Ask a question' : `Go on with “${thread.title}”`;
    return { label, hasThread: thread !== undefined, isRunning: this.isServerRunning };
  }

  private post(message: ToView): void {
    if (this.isReady) void this.panel?.webview.postMessage(message);
  }
}
