// The server as the rest of the extension sees it: its state, its newest status, requests to it. Loads the client when it is needed.

import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { Status } from '../protocol';
import { start } from '../settings/start';
import { bundled, find, type Surroundings } from './binary';
import { withoutKeys } from '../keys/providers';
import type { connect, Handlers } from './client';
import { disk, makeExecutable } from './disk';
import { Lifecycle, type Session, type State } from './lifecycle';
import { askVersion, run } from './process';

/** The user's keys. */
export interface Secrets {
  /** Their variables, with the keys. */
  environment(): Promise<Record<string, string>>;
  variables(): Promise<string[]>;
}

export class Server implements vscode.Disposable {
  status: Status | undefined;
  private client: LanguageClient | undefined;
  private readonly lifecycle: Lifecycle;
  private readonly changes = new vscode.EventEmitter<void>();
  /** Something that the status bar shows is not as it was. */
  readonly onDidChange = this.changes.event;

  constructor(
    context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly handlers: Omit<Handlers, 'status'> & { gone(): void },
    /** Read with every start, held nowhere. */
    private readonly secrets: Secrets,
    private readonly later: () => Promise<{ connect: typeof connect }>,
    stateChanged: (state: State) => void,
  ) {
    // Not the folder: what it holds must not be found by a program that looks around.
    const cwd = homedir();
    this.lifecycle = new Lifecycle(
      {
        ownVersion: (context.extension.packageJSON as { version: string }).version,
        now: Date.now,
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        log: (line) => log.info(line),
        find: () => {
          const around: Surroundings = {
            setting: vscode.workspace.getConfiguration('tandem').get<string>('path') ?? '',
            extensionDirectory: context.extensionPath,
            platform: process.platform,
            architecture: process.arch,
            home: cwd,
            searchPath: process.env['PATH'] ?? '',
          };
          const found = find(around, disk);
          const isOurs = 'problem' in found && found.problem === 'notExecutable' && found.file === bundled(around);
          return isOurs && makeExecutable(found.file) ? find(around, disk) : found;
        },
        askVersion: (file) => askVersion(file, cwd),
        launch: (file) => this.launch(file, cwd),
        gone: () => handlers.gone(),
      },
      (state) => {
        if (state.name !== 'running') this.status = undefined;
        if (state.name !== 'running' && state.name !== 'starting') this.client = undefined;
        stateChanged(state);
        this.changes.fire();
      },
    );
  }

  get state(): State {
    return this.lifecycle.state;
  }

  restart(): Promise<void> {
    return this.lifecycle.restart();
  }

  stop(): Promise<void> {
    return this.lifecycle.stop();
  }

  /** Rejects where the server is not running, with a sentence for the user. */
  async request<Result>(method: string, params?: unknown, token?: vscode.CancellationToken): Promise<Result> {
    const client = this.running();
    // An argument that is there and undefined would be sent as `[null]`, which no server takes for none.
    if (params === undefined) return token === undefined ? client.sendRequest<Result>(method) : client.sendRequest<Result>(method, token);
    return token === undefined ? client.sendRequest<Result>(method, params) : client.sendRequest<Result>(method, params, token);
  }

  /** Runs one of the server's commands. Rejects as `request` does. */
  async execute<Result>(command: string, ...arguments_: unknown[]): Promise<Result> {
    return this.request<Result>('workspace/executeCommand', { command, arguments: arguments_ });
  }

  async notify(method: string, params: unknown): Promise<void> {
    if (this.client?.isRunning() === true) await this.client.sendNotification(method, params);
  }

  /** Positions and ranges as the server counts them. */
  get converter(): LanguageClient['code2ProtocolConverter'] {
    return this.running().code2ProtocolConverter;
  }

  dispose(): void {
    this.changes.dispose();
  }

  private running(): LanguageClient {
    if (this.client?.isRunning() !== true) throw new Error('Tandem is not running.');
    return this.client;
  }

  /** A folder that nobody trusts is nothing that a key is needed for: neither one that is kept here nor one of the surroundings. */
  private async environment(providers: unknown): Promise<NodeJS.ProcessEnv> {
    if (vscode.workspace.isTrusted) return { ...process.env, ...(await this.secrets.environment()) };
    return withoutKeys(process.env, providers, await this.secrets.variables());
  }

  private async launch(file: string, cwd: string): Promise<Session> {
    const configuration = vscode.workspace.getConfiguration('tandem');
    const told = start((name) => configuration.inspect(name));
    for (const problem of told.problems) {
      this.log.warn(problem);
      void vscode.window.showWarningMessage(problem);
    }
    const inherited = await this.environment(configuration.inspect('cloud.providers')?.globalValue);
    const [loaded, running] = await Promise.all([
      this.later(),
      run(file, ['serve', ...told.arguments], { cwd, environment: { ...inherited, ...told.environment } }, (line) =>
        this.log.info(line),
      ),
    ]);
    this.log.info(`started ${file}, process ${running.process.pid ?? 0}`);
    const connected = loaded.connect(running, this.log, {
      ...this.handlers,
      status: (status) => {
        this.status = status;
        this.changes.fire();
      },
    });
    this.client = connected.client;
    return connected;
  }
}
