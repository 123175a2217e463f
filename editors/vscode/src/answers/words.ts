// What the view says around an answer: where it was answered, what it cost, what was sent.

import type { Footer } from '../protocol';
import type { Answer } from './conversation';
import type { Shown } from './messages';

export function shown(answer: Answer): Shown {
  const { footer, route } = answer;
  // Where it was to be answered may have been refused; who answered in the end is known with the footer.
  const made: Shown = {
    id: answer.id,
    title: answer.title,
    state: answer.state,
    progress: answer.state === 'running' ? answer.progress || 'Working…' : '',
    route: footer?.routeReason ?? route?.reason ?? '',
    problem: answer.problem ?? '',
    footer: footer === undefined ? [] : lines(footer),
    files: (footer?.files ?? []).map((file) => ({ name: file.path, detail: bytes(file.bytes), canOpen: file.uri !== undefined })),
  };
  if (footer?.diff !== undefined) {
    const count = footer.diff.files?.length ?? 0;
    made.change = { label: count > 1 ? `Review change of ${count} files` : 'Review change', problems: footer.diff.problems };
  }
  return made;
}

function lines(footer: Footer): [string, string][] {
  const made: [string, string][] = [['Answered by', footer.answeredBy]];
  const how = footer.costIs === undefined ? '' : { counted: '', estimated: ' (estimated)', presumed: ' (at most)' }[footer.costIs];
  made.push(['Cost', footer.leftMachine || footer.costIs !== undefined ? `${footer.cost}${how}` : `${footer.cost}, nothing left this machine`]);
  const { input, cached, output } = footer.tokens;
  if (input + output > 0)
    made.push(['Tokens', `${grouped(input)} in${cached > 0 ? ` (${grouped(cached)} cached)` : ''}, ${grouped(output)} out`]);
  if (footer.cited + footer.unverified > 0) {
    const unverified = footer.unverified > 0 ? `, ${grouped(footer.unverified)} could not be found` : '';
    made.push(['Citations', `${grouped(footer.cited)} checked${unverified}`]);
  }
  if (footer.redactions > 0) made.push(['Redacted', footer.redactions === 1 ? '1 secret' : `${grouped(footer.redactions)} secrets`]);
  made.push(['Time', seconds(footer.elapsedMs)]);
  if (footer.lowered !== undefined) made.push(['Limit', footer.lowered]);
  if (footer.incomplete !== undefined) made.push(['Incomplete', footer.incomplete]);
  return made;
}

export function grouped(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} bytes`;
  return count < 1_000_000 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
