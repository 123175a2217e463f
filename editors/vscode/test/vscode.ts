// A double of `vscode`, as small as the tests need: windows that note what is done to them.

export enum ViewColumn {
  Beside = -2,
  One = 1,
  Two = 2,
}

type Listener<T> = (value: T) => void;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Uri {
  constructor(readonly path: string) {}
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.path, ...parts].join('/'));
  }
  toString(): string {
    return `file://${this.path}`;
  }
}

export class Panel {
  readonly received = new EventEmitter<unknown>();
  readonly viewState = new EventEmitter<void>();
  readonly disposed = new EventEmitter<void>();
  readonly posted: { type: string }[] = [];
  readonly reveals: boolean[] = [];
  visible = true;
  viewColumn = ViewColumn.Two;
  iconPath: unknown;
  readonly webview = {
    html: '',
    cspSource: 'https://own',
    asWebviewUri: (uri: Uri) => uri,
    onDidReceiveMessage: this.received.event,
    postMessage: (message: { type: string }) => {
      this.posted.push(message);
      return Promise.resolve(true);
    },
  };
  readonly onDidChangeViewState = this.viewState.event;
  readonly onDidDispose = this.disposed.event;
  constructor(
    readonly preserveFocus: boolean,
    readonly options: unknown,
  ) {}
  reveal(_column: unknown, preserveFocus: boolean): void {
    this.reveals.push(preserveFocus);
  }
  dispose(): void {
    this.disposed.fire();
  }
}

export const panels: Panel[] = [];

export const window = {
  createWebviewPanel: (_id: string, _title: string, where: { preserveFocus: boolean }, options: unknown): Panel => {
    const panel = new Panel(where.preserveFocus, options);
    panels.push(panel);
    return panel;
  },
  setStatusBarMessage: (): void => undefined,
};

export const clipboard: string[] = [];
export const env = { clipboard: { writeText: (text: string) => Promise.resolve(void clipboard.push(text)) } };
