// The language client over one running process. The only room that loads vscode-languageclient, which is why nothing imports it before
// a server is to be started.

import * as vscode from 'vscode';
import {
  type ClientCapabilities,
  CloseAction,
  type DynamicFeature,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  type StaticFeature,
} from 'vscode-languageclient/node';
import type { AnswerEvent, Choice, ConsentRequest, Status } from '../protocol';
import { section } from '../settings/section';
import type { Session } from './lifecycle';
import type { Running } from './process';

/** A server that lives and does not answer `initialize` in this time, in ms, is told to the user. */
const INITIALIZE_MS = 30_000;
/** What a server has to end in an orderly way, in ms. */
const STOP_MS = 2_000;

/** What the server tells and asks, beside what the protocol has. */
export interface Handlers {
  status(status: Status): void;
  answer(event: AnswerEvent): void;
  /** `token` is cancelled when the question has ended otherwise. */
  consent(request: ConsentRequest, token: vscode.CancellationToken): Promise<Choice>;
}

/** The client says what went wrong in its log; what the user should read is told by `Lifecycle`, once and with a way out. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** What this client has that others do not: a view of its own for answers, a dialog for consent, a box for words. */
class Announcement implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
    capabilities.experimental = { ...experimental, tandemAnswers: true, tandemConsent: true, tandemPrompt: true };
  }
  initialize(): void {
    // Nothing to do: the server acts on what was announced.
  }
  getState(): ReturnType<StaticFeature['getState']> {
    return { kind: 'static' };
  }
  clear(): void {
    // Nothing is held.
  }
}

export interface Connected extends Session {
  client: LanguageClient;
}

export function connect(running: Running, log: vscode.LogOutputChannel, handlers: Handlers): Connected {
  const client = new QuietClient('tandem', 'Tandem', () => Promise.resolve(running.process), {
    documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => (vscode.workspace.isTrusted ? {} : { isTrusted: false }),
    initializationFailedHandler: () => false,
    // Lines of stderr go to the log by `process.ts`, which keeps the last ones.
    stdioOptions: { stdout: () => undefined, stderr: () => undefined },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    middleware: {
      workspace: {
        configuration: (params, token, next) =>
          params.items.every((item) => item.section === 'tandem') ? params.items.map(() => ownSection()) : next(params, token),
        // Without the values, which VS Code would mix its defaults into: the server then asks.
        didChangeConfiguration: (_sections, next) => (next as (sections: undefined) => Promise<void>)(undefined),
      },
    },
  });
  client.registerFeature(new Announcement() as StaticFeature & Partial<DynamicFeature<unknown>>);
  client.onNotification('tandem/status', (status: Status) => handlers.status(status));
  client.onNotification('tandem/answer', (event: AnswerEvent) => handlers.answer(event));
  client.onRequest('tandem/consent', async (request: ConsentRequest, token: vscode.CancellationToken) => ({
    choice: await handlers.consent(request, token),
  }));

  const ended = running.ended.then((end) => ({ ...end, lastLines: running.lastLines }));
  const started = client.start();
  // Whoever stops meanwhile does not wait for it.
  started.catch(() => undefined);
  return { client, ended, ready: within(started, INITIALIZE_MS), stop: () => stop(client, running) };
}

function ownSection(): Record<string, unknown> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const configuration = vscode.workspace.getConfiguration('tandem', folder ?? null);
  return section((name) => configuration.inspect(name), vscode.workspace.isTrusted);
}

function within(started: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it does not answer for ${ms / 1000} s`)), ms);
    started.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function stop(client: LanguageClient, running: Running): Promise<void> {
  try {
    await client.dispose(STOP_MS);
  } catch {
    // It was not up, or is gone already. The process is ended below.
  }
  const wait = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
  if (running.process.exitCode === null && running.process.signalCode === null) {
    await Promise.race([running.ended, wait]);
    running.process.kill();
  }
}
