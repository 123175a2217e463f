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
  constructor(
    readonly path: string,
    readonly scheme = 'file',
  ) {}
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.path, ...parts].join('/'));
  }
  static parse(text: string, strict: boolean): Uri {
    const match = /^([a-z][\w+.-]*):(?:\/\/[^/]*)?(.*)$/.exec(text);
    if (match === null && strict) throw new Error(`${text} has no scheme`);
    return new Uri(match?.[2] ?? text, match?.[1] ?? 'file');
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export class Range {
  constructor(
    readonly startLine: number,
    readonly startCharacter: number,
    readonly endLine: number,
    readonly endCharacter: number,
  ) {}
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

export class ThemeIcon {
  constructor(readonly id: string) {}
}

/** The box for words: a test writes into it and presses its keys. */
export class InputBox {
  readonly accepted = new EventEmitter<void>();
  readonly pressed = new EventEmitter<unknown>();
  readonly changed = new EventEmitter<string>();
  readonly hidden = new EventEmitter<void>();
  readonly onDidAccept = this.accepted.event;
  readonly onDidTriggerButton = this.pressed.event;
  readonly onDidChangeValue = this.changed.event;
  readonly onDidHide = this.hidden.event;
  title = '';
  value = '';
  validationMessage = '';
  busy = false;
  buttons: unknown[] = [];
  isVisible = false;
  show(): void {
    this.isVisible = true;
  }
  hide(): void {
    this.isVisible = false;
    this.hidden.fire();
  }
  dispose(): void {
    this.isVisible = false;
  }
}

export const boxes: InputBox[] = [];

/** What is edited, and what is chosen from the next list. */
export const now: { editor: unknown; chosen: unknown } = { editor: undefined, chosen: undefined };

export const window = {
  get activeTextEditor(): unknown {
    return now.editor;
  },
  createInputBox: (): InputBox => {
    const box = new InputBox();
    boxes.push(box);
    return box;
  },
  showQuickPick: () => Promise.resolve(now.chosen),
  createWebviewPanel: (_id: string, _title: string, where: { preserveFocus: boolean }, options: unknown): Panel => {
    const panel = new Panel(where.preserveFocus, options);
    panels.push(panel);
    return panel;
  },
  setStatusBarMessage: (): void => undefined,
  showTextDocument: (document: { uri: Uri }, options: unknown) => Promise.resolve(void done.push(['show', document.uri, options])),
  showWarningMessage: (message: string) => Promise.resolve(void done.push(['warn', message])),
};

/** Files that are there, and the number of lines of each; every line has ten characters. */
export const files = new Map<string, number>();

/** What was done, in order. */
export const done: unknown[][] = [];

export const workspace = {
  asRelativePath: (uri: Uri): string => uri.path,
  openTextDocument: (what: Uri | { language: string; content: string }) => {
    if (!(what instanceof Uri)) return Promise.resolve({ uri: new Uri(what.content, `untitled-${what.language}`) });
    const lineCount = files.get(what.toString());
    if (lineCount === undefined) return Promise.reject(new Error('no such file'));
    return Promise.resolve({ uri: what, lineCount, lineAt: () => ({ text: '0123456789' }) });
  },
  fs: { stat: (uri: Uri) => (files.has(uri.toString()) ? Promise.resolve({}) : Promise.reject(new Error('no such file'))) },
};

export const commands = {
  executeCommand: (...words: unknown[]) => Promise.resolve(void done.push(words)),
};

export const clipboard: string[] = [];
export const env = { clipboard: { writeText: (text: string) => Promise.resolve(void clipboard.push(text)) } };
