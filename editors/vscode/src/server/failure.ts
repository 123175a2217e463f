// What went wrong with the server, as the user reads it, and which buttons lead out.

import type { BinaryProblem } from './binary';

export type Failure =
  | { kind: BinaryProblem; file: string }
  | { kind: 'notTandem'; file: string }
  | { kind: 'wrongVersion'; file: string; version: string; wanted: string }
  | { kind: 'cannotRun'; file: string; reason: string }
  | { kind: 'noStart'; file: string; reason: string }
  | { kind: 'crashLoop'; file: string; times: number; reason: string };

export type WayOut = 'choose' | 'log' | 'docs' | 'restart';

export const LABELS: Record<WayOut, string> = {
  choose: 'Choose File…',
  log: 'Show Log',
  docs: 'Open Documentation',
  restart: 'Try Again',
};

export function explain(failure: Failure): { message: string; ways: WayOut[] } {
  const file = `“${failure.file}”`;
  switch (failure.kind) {
    case 'notFound':
      return {
        message:
          'Tandem is not installed: this build of the extension brings no program, and there is none on PATH. Install it, or choose the file.',
        ways: ['choose', 'docs'],
      };
    case 'missing':
      return { message: `The setting tandem.path names ${file}, and there is no such file.`, ways: ['choose', 'docs'] };
    case 'notAbsolute':
      return { message: `The setting tandem.path has to be a whole path, and ${file} is not.`, ways: ['choose', 'docs'] };
    case 'notExecutable':
      return { message: `${file} may not be run: it lacks the permission to execute (chmod +x).`, ways: ['choose', 'docs'] };
    case 'notTandem':
      return { message: `${file} is a program, and not Tandem.`, ways: ['choose', 'docs'] };
    case 'wrongVersion':
      return {
        message: `${file} is Tandem ${failure.version}; this extension needs ${failure.wanted}. Update the older of the two.`,
        ways: ['choose', 'docs'],
      };
    case 'cannotRun':
      return { message: `${file} does not run on this machine: ${failure.reason}.`, ways: ['choose', 'log', 'docs'] };
    case 'noStart':
      return { message: `Tandem did not start: ${failure.reason}.`, ways: ['restart', 'log', 'choose'] };
    case 'crashLoop':
      return {
        message: `Tandem ended ${failure.times} times in a row and is left alone now: ${failure.reason}.`,
        ways: ['restart', 'log', 'choose'],
      };
  }
}

/** How a process ended and the last thing that it said, in one line. */
export function ending(code: number | null, signal: string | null, lastLines: readonly string[]): string {
  const how = signal !== null ? `ended by ${signal}` : `exit code ${code ?? 'unknown'}`;
  const last = lastLines.findLast((line) => line.trim() !== '');
  return last === undefined ? how : `${how}, ${last.trim().slice(0, 300).replace(/\.$/, '')}`;
}
