// The extension's door: puts the rooms together. What is not needed before the server runs is loaded when it is, so that opening an
// editor does not wait for it.

import * as vscode from 'vscode';
import type { Answers as View } from './answers/panel';
import { openPlace, review } from './answers/places';
import { BudgetView } from './budget/view';
import { register } from './commands';
import { cancel, run } from './commands/ask';
import { askConsent } from './consent/ask';
import { screen } from './consent/screen';
import { Documents } from './documents';
import { Keys } from './keys/store';
import type * as Loaded from './later';
import { Server } from './server/server';
import { RestartSoon } from './server/soon';
import { tell } from './server/trouble';
import { NEED_RESTART } from './settings/restarts';
import { setContext, StatusBar } from './status/bar';

/** Where it is remembered that the first steps were shown. */
const WELCOMED = 'tandem.welcomed';

const later: () => Promise<typeof Loaded> = () => import('./later');

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Tandem', { log: true });
  const documents = new Documents();
  const keys = new Keys(context.secrets);
  const dialogs = screen(documents);
  let answers: View | undefined;

  const started = new Server(
    context,
    log,
    {
      answer: (event) => answers?.apply(event),
      consent: (request, token) =>
        askConsent(request, dialogs, () => token.isCancellationRequested || answers?.conversation.isRunning(request.question) !== true),
      gone: () => answers?.serverGone(),
    },
    keys,
    later,
    (state) => void tell(state),
  );
  server = started;
  const bar = new StatusBar(started);
  const budget = new BudgetView(started);
  const soon = new RestartSoon({
    isAnswering: () => answers?.conversation.isAnswering === true,
    restart: () => void started.restart(),
    tell: async () =>
      (await vscode.window.showInformationMessage(
        'Tandem restarts with what was changed when the question that runs is answered. Restarting now cancels it.',
        'Restart Now',
      )) !== undefined,
    later: (call, ms) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  });

  /** The view of answers, and all that it loads: needed with the first server, not before. */
  async function begin(): Promise<void> {
    const { Answers } = await later();
    const made = new Answers(context.extensionUri, {
      ask: (question, thread) => run(started, 'tandem.ask', thread === undefined ? { question } : { question, thread }),
      cancel: (question) => void cancel(started, question),
      review: (answer) => void review(answer, documents),
      open: (uri, line, endLine, column) => void openPlace(uri, line, endLine, column),
      changed: () => {
        const { isAnswering } = made.conversation;
        setContext('tandem.isAnswering', isAnswering);
        if (isAnswering) return;
        budget.refresh();
        soon.answered();
      },
    });
    answers = made;
    context.subscriptions.push(made);
    await started.restart();
  }

  let wasRunning = false;
  started.onDidChange(() => {
    bar.show();
    const isRunning = started.state.name === 'running';
    answers?.setServer(isRunning);
    if (!isRunning) soon.forget();
    if (isRunning !== wasRunning) budget.refresh();
    wasRunning = isRunning;
  });

  context.subscriptions.push(
    log,
    documents,
    started,
    bar,
    budget,
    soon,
    ...register({
      server: started,
      documents,
      keys,
      log,
      extensionId: context.extension.id,
      showAnswers: () => answers?.open(false),
      cancelOne: () => answers?.cancelOne(),
      lastAnswer: () => answers?.lastText(),
      refreshBudget: () => budget.refresh(),
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (NEED_RESTART.some((name) => event.affectsConfiguration(name))) soon.wanted();
    }),
    // Also in this editor's other windows: the process has its keys from its start.
    context.secrets.onDidChange(({ key }) => {
      if (key.startsWith('tandem.key.')) soon.wanted();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      bar.show();
      soon.wanted();
    }),
  );
  // Starting a process is no part of activation.
  setImmediate(() => void begin().then(() => welcome(context)));
}

/** Offers the first steps once, and only where the user wants extensions to show theirs. Opening them would take the focus. */
async function welcome(context: vscode.ExtensionContext): Promise<void> {
  // In a remote window what the user wants of it cannot be read; there the editor itself opens them after an installation.
  if (vscode.env.remoteName !== undefined || context.globalState.get<boolean>(WELCOMED) === true) return;
  await context.globalState.update(WELCOMED, true);
  const isWanted = vscode.workspace.getConfiguration('workbench.welcomePage.walkthroughs').get<boolean>('openOnInstall') ?? true;
  if (!isWanted) return;
  const chosen = await vscode.window.showInformationMessage(
    'Tandem completes your code on this machine. The first steps take two minutes.',
    'Get Started',
  );
  if (chosen !== undefined) await vscode.commands.executeCommand('tandem.ui.walkthrough');
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
