// What the status bar says: a short text, a tooltip, and the same for those who do not see it. Pure: the server's state and status in,
// words out.

import type { Status } from '../protocol';
import type { State } from '../server/lifecycle';

export interface Words {
  text: string;
  /** Plain sentences, a line each. */
  lines: string[];
  /** What a screen reader says. */
  label: string;
  severity: 'none' | 'warning' | 'error';
}

export interface Moment {
  state: State;
  status: Status | undefined;
  isTrusted: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export function words(moment: Moment): Words {
  const { state } = moment;
  switch (state.name) {
    case 'stopped':
      return plain('$(circle-slash)', 'stopped', [], 'none');
    case 'starting':
      return plain('$(loading~spin)', 'starting', [], 'none');
    case 'waiting':
      return plain('$(loading~spin)', `ended, starts again in ${Math.ceil(state.ms / 1000)} s`, [], 'warning');
    case 'failed':
      return plain('$(error)', 'not running', ['Choose it for what to do.'], 'error');
    case 'running':
      return moment.status === undefined ? plain('$(loading~spin)', 'starting', [], 'none') : running(moment, moment.status);
  }
}

function plain(icon: string, what: string, more: string[], severity: Words['severity']): Words {
  return { text: `${icon} Tandem`, lines: [`Tandem: ${what}`, ...more], label: `Tandem, ${what}. ${more.join(' ')}`.trim(), severity };
}

function running({ isTrusted, now }: Moment, status: Status): Words {
  const [icon, what] = activity(status, now);
  const lines = [`Tandem: ${what}`];
  const model = modelLine(status);
  if (model !== undefined) lines.push(model);
  if (status.failure !== undefined) lines.push(`Model: ${status.failure}`);
  if (status.asleepBecause !== undefined) lines.push(`Model: ${status.asleepBecause}`);
  for (const why of status.rest?.politeBecause ?? []) lines.push(`Model: ${why}`);
  for (const warning of status.warnings ?? []) lines.push(`Model: ${warning}`);
  lines.push(...serverLines(status));
  const paid = paidLine(status);
  if (paid !== undefined) lines.push(paid);
  if (status.lastLatencyMs !== undefined) {
    const by = status.lastSource === undefined ? '' : `, written by ${source(status.lastSource)}`;
    lines.push(`Last answer: ${latency(status.lastLatencyMs)}${by}`);
  }
  if (status.nothingShownBecause !== undefined) lines.push(`Nothing shown: ${status.nothingShownBecause}`);
  if (status.eagerness !== undefined) lines.push(`Eagerness: ${eagerness(status.eagerness)}`);
  const cloud = cloudLine(status, isTrusted);
  if (cloud !== undefined) lines.push(cloud);
  const spent = spentLine(status);
  if (spent !== undefined) lines.push(spent);
  const last = status.questions;
  if (last?.answeredBy !== undefined) lines.push(`Last question: ${last.answeredBy}${last.cost === undefined ? '' : `, ${last.cost}`}`);
  const money = status.today === undefined ? '' : ` ${status.today.cost}`;
  const isShort = (status.today?.share ?? 0) >= 0.9;
  return {
    text: `${icon} Tandem${money}`,
    lines,
    label: lines.map((line) => line.replace(/\.?$/, '.')).join(' '),
    severity: status.state === 'failed' || isShort ? 'warning' : 'none',
  };
}

function activity(status: Status, now: number): [icon: string, what: string] {
  if (status.paused === true) return ['$(debug-pause)', `paused${until(status.pausedUntil, now)}`];
  if ((status.questions?.running ?? 0) > 0) return ['$(comment-discussion)', 'answering a question'];
  switch (status.state) {
    case 'loading':
      return ['$(loading~spin)', `loading the model${status.percentage === undefined ? '' : `, ${status.percentage} %`}`];
    case 'failed':
      return ['$(warning)', 'the model failed; lookup goes on alone'];
    case 'idle':
      return ['$(sparkle)', status.engine === 'lookup' ? 'ready, lookup alone' : 'ready, the model loads when it is needed'];
    case 'asleep':
      return ['$(sparkle)', 'ready, the model sleeps'];
    case 'ready':
      return ['$(sparkle)', 'ready'];
  }
}

/** ` for 5 more min`; nothing where the pause has no end. */
function until(seconds: number | undefined, now: number): string {
  if (seconds === undefined) return ' until you resume';
  const left = Math.max(1, Math.ceil((seconds * 1000 - now) / 60_000));
  return left > 90 ? ` for ${Math.round(left / 60)} more hours` : ` for ${left} more min`;
}

function modelLine(status: Status): string | undefined {
  if (status.model === undefined) return status.engine === 'lookup' ? 'Model: none, lookup alone' : undefined;
  return `Model: ${status.model}${status.device === undefined ? '' : ` on ${status.device}`}`;
}

/** Who is paid for suggestions, and how much it was. */
function paidLine({ suggestions }: Status): string | undefined {
  if (suggestions === undefined) return undefined;
  const { provider, model, requests, cost, lastCost, wantsConsent } = suggestions;
  if (wantsConsent === true) return `Suggestions: ${provider} is not asked, you have not allowed it in this folder`;
  const last = lastCost === undefined ? '' : `, the last one ${lastCost}`;
  return `Suggestions: ${requests} by ${provider}, ${model}, for ${cost}${last}`;
}

/** Who writes, why the server is not asked or told nothing, and what it was sent. */
function serverLines({ server }: Status): string[] {
  if (server === undefined) return [];
  const { host, writer, down, kept, requests, bytes } = server;
  const who = { server: `${host} writes`, here: `the model here writes, not ${host}`, nobody: `nobody writes, not even ${host}` }[writer];
  const lines = [`Server: ${who}`];
  if (down !== undefined) lines.push(`Server: not asked now, ${down}`);
  if (kept !== undefined) lines.push(`Server: nothing was sent, ${kept}`);
  const withheld = Object.values(server.withheld ?? {}).reduce((sum, number) => sum + number, 0);
  const sent = `${requests} ${requests === 1 ? 'request' : 'requests'} with ${size(bytes)} sent`;
  lines.push(`Server: ${sent}${withheld === 0 ? '' : `, ${withheld} kept on this machine`}`);
  return lines;
}

/** `812 B`, `40 kB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function source(source: string): string {
  return source === 'both' ? 'lookup and model' : source === 'model' ? 'the model' : source;
}

/** `0.4 ms`, `38 ms`, `1.2 s`. */
export function latency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function eagerness(value: NonNullable<Status['eagerness']>): string {
  return typeof value === 'object' ? `${value.level} and ${value.number}` : String(value);
}

function cloudLine(status: Status, isTrusted: boolean): string | undefined {
  if (!isTrusted) return 'Cloud: off, because the workspace is not trusted';
  const { cloud } = status;
  if (cloud === undefined) return undefined;
  if (cloud.isOff !== undefined) return `Cloud: off, ${cloud.isOff}`;
  return `Cloud: ${[cloud.provider, cloud.model].filter(Boolean).join(', ')}`;
}

function spentLine({ today }: Status): string | undefined {
  if (today === undefined) return undefined;
  const of = today.limit === undefined ? '' : `; ${percent(today.share ?? 0)} of ${today.limit} used`;
  return `Spent today: ${today.cost}${of}`;
}

export function percent(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}
