// What Tandem adds to the protocol, as it travels: docs/lsp-extensions.md in types. Fields that have nothing to say are absent.

export interface Status {
  state: 'idle' | 'loading' | 'ready' | 'asleep' | 'failed';
  percentage?: number;
  failure?: string;
  asleepBecause?: string;
  rest?: { sleeps: number; wakes: number; lastReason?: string; wakeMs?: number; politeBecause?: string[]; threads?: number };
  /** `llama`, `lookup`, or `fake` in tests. */
  engine: string;
  model?: string;
  device?: string;
  warnings?: string[];
  paused?: boolean;
  /** Seconds since 1970. */
  pausedUntil?: number;
  busy?: number;
  lastLatencyMs?: number;
  lastSource?: string;
  nothingShownBecause?: string;
  questions?: { running: number; answeredBy?: string; routeReason?: string; cost?: string };
  eagerness?: string | number | { level: string; number: number };
  /** A server that is asked for suggestions, and who writes in its place. */
  server?: {
    host: string;
    isOnThisMachine: boolean;
    writer: 'server' | 'here' | 'nobody';
    down?: string;
    kept?: string;
    requests: number;
    bytes: number;
    withheld?: Record<string, number>;
  };
  /** A paid service that writes suggestions, and what it cost since the server started. */
  suggestions?: { provider: string; model: string; requests: number; cost: string; lastCost?: string; wantsConsent?: boolean };
  cloud?: { isOff?: string; provider?: string; model?: string };
  today?: { cost: string; limit?: string; share?: number };
}

export interface Citation {
  /** As it is written in the piece, with Markdown's escapes. */
  text: string;
  /** Where it begins in the piece, in UTF-16 code units: VS Code negotiates no other. */
  at: number;
  isVerified: boolean;
  uri?: string;
  /** From 1. */
  line: number;
  endLine?: number;
}

export interface Footer {
  answeredBy: string;
  isCloud: boolean;
  leftMachine: boolean;
  routeReason: string;
  cost: string;
  costIs?: 'counted' | 'estimated' | 'presumed';
  tokens: { input: number; cached: number; output: number };
  files: { path: string; uri?: string; bytes: number }[];
  redactions: number;
  cited: number;
  unverified: number;
  elapsedMs: number;
  /** Why the answer was allowed fewer tokens than the settings do, as a sentence. */
  lowered?: string;
  incomplete?: string;
  thread?: string;
  diff?: Diff;
}

export interface Diff {
  text: string;
  problems: string[];
  /** `newText`: the whole file as it would be; absent where the change does not apply. */
  files?: { path: string; uri: string; newText?: string }[];
}

export type AnswerEvent = { question: number } & (
  | { event: 'begin'; title: string; kind: string; thread?: string }
  | { event: 'routed'; isCloud: boolean; reason: string }
  | { event: 'progress'; text: string }
  | { event: 'notice'; text: string }
  | { event: 'text'; text: string; citations?: Citation[] }
  | { event: 'done'; footer: Footer }
  | { event: 'failed'; problem: string }
);

export interface ConsentRequest {
  question: number;
  title: string;
  message?: string;
  provider: string;
  model: string;
  host: string;
  isLocal: boolean;
  /** What the provider may do with what it is sent, as a sentence, where that is not what one expects. */
  terms?: string;
  why?: string;
  mayRemember: boolean;
  inputTokens: { least: number; most: number };
  maxOutputTokens: number;
  /** Why that is less than the settings allow, as a sentence. */
  lowered?: string;
  cost: { least: string; most: string };
  files: { path: string; bytes: number; lines?: string; isInternal?: boolean }[];
  redactions: { kind: string; count: number }[];
  left?: string;
  /** All that would be sent, as Markdown. */
  payload: string;
}

export type Choice = 'once' | 'workspace' | 'no';

export interface Limit {
  name: string;
  window: string;
  subject: string;
  unit: 'dollars' | 'tokens';
  spent: string;
  reserved?: string;
  limit: string;
  left: string;
  /** Of the limit, 0 to 1. */
  share: number;
  /** Seconds since 1970. */
  resetsAt?: number;
}

export interface Budget {
  isOff?: string;
  provider?: string;
  model?: string;
  limits: Limit[];
  today?: { cost: string; tokens: number; questions: number; suggestions?: number; suggestionsCost?: string };
}

/** The argument of `tandem.ask` and `tandem.preview`. */
export interface Question {
  question?: string;
  kind?: string;
  uri?: string;
  range?: { start: { line: number; character: number }; end: { line: number; character: number } };
  subject?: string;
  thread?: string;
  diagnostics?: string[];
  route?: string;
}
