// Whether a program is a Tandem that this extension can talk to. Before 1.0 a minor version may change the protocol.

export type Verdict = { version: string } | { problem: 'notTandem' } | { problem: 'wrongVersion'; version: string; wanted: string };

/** `output`: what `tandem --version` printed. `own`: the extension's version. */
export function judge(output: string, own: string): Verdict {
  const match = /^tandem (\d+)\.(\d+)\.(\d+)(?:[-+][\w.+-]*)?\s*$/m.exec(output.slice(0, 1000));
  if (match === null) return { problem: 'notTandem' };
  const version = match.slice(1, 4).join('.');
  const wanted = own.split('.').slice(0, 2).join('.');
  const theirs = `${String(match[1])}.${String(match[2])}`;
  return theirs === wanted ? { version } : { problem: 'wrongVersion', version, wanted };
}
