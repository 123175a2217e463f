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
  /** Whether the question was taken. Never rejects; why it was not is told to the user. */
  ask(text: string, thread: string | undefined): Promise<boolean>;
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
    this.post({ type: 'ask', ask: this.askState() });
  }

  /** The server is over, and has told all that it will of what it was asked. */
  serverGone(): void {
    for (const answer of this.conversation.serverGone()) this.dirty.add(answer);
    this.flush();
    this.actions.changed();
  }

  /** Cancels one question: the one that has the focus in the view, else the newest. */
  cancelOne(): void {
    if (this.isReady) return this.post({ type: 'escape' });
    const newest = this.conversation.answers.findLast((answer) => answer.state === 'running');
    if (newest !== undefined) this.actions.cancel(newest.question);
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
        void this.ask(said.text, said.answer);
        return;
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

  /** The words are the user's until they are taken. */
  private async ask(text: string, id: number | undefined): Promise<void> {
    this.draft = text;
    const thread = id === undefined ? undefined : this.conversation.find(id)?.footer?.thread;
    let isTaken = false;
    if (id !== undefined && thread === undefined) {
      void vscode.window.showWarningMessage(
        'The answer that this goes on with is not kept any more. Look at what the box says now, and ask again.',
      );
      this.post({ type: 'ask', ask: this.askState() });
    } else {
      isTaken = await this.actions.ask(text, thread);
    }
    if (isTaken && this.draft === text) this.draft = '';
    this.post({ type: 'asked', text, isTaken });
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
    const of = thread === undefined ? {} : { answer: thread.id };
    return { label, ...of, hasThread: thread !== undefined, isRunning: this.isServerRunning };
  }

  private post(message: ToView): void {
    if (this.isReady) void this.panel?.webview.postMessage(message);
  }
}
