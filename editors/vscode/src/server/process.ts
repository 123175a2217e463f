// The server's process: started, asked for its version, its last words kept. Nothing of `vscode` here.

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { foreign, HEADER_BYTES } from './executable';

/** A program that does not even print its version in this time is none that can serve, in ms. A cold disk takes a second. */
const VERSION_MS = 10_000;
/** Lines of stderr that are kept to explain a crash. */
const LAST_LINES = 20;

/** What the program prints when it is asked for its version. Rejects with a readable reason where it cannot be run. */
export async function askVersion(file: string, cwd: string): Promise<string> {
  const problem = foreign(await firstBytes(file), process.platform, process.arch);
  if (problem !== undefined) throw new Error(problem);
  return new Promise((resolve, reject) => {
    execFile(file, ['--version'], { cwd, timeout: VERSION_MS, maxBuffer: 1 << 16, windowsHide: true }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      // It ran and did not know what was wanted: some other program.
      if (typeof error.code === 'number' && !isLoaderFailure(error.code)) return resolve(stdout);
      const lines = stderr.split('\n').filter((line) => line.trim() !== '');
      reject(new Error(error.killed === true ? 'it does not answer' : reason(error, lines)));
    });
  });
}

/** Empty where the file cannot be read; running it says more. */
async function firstBytes(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return new Uint8Array();
  }
}

/** 126 and 127 are the loader's and the shell's: a missing library, another system's program. */
function isLoaderFailure(code: number): boolean {
  return code === 126 || code === 127;
}

function reason(error: NodeJS.ErrnoException | (Error & { code?: unknown }), lines: string[]): string {
  switch (error.code) {
    case 'ENOEXEC':
    case 'EFTYPE':
    case 'UNKNOWN':
      return 'it was built for another system';
    case 'EACCES':
    case 'EPERM':
      return 'running it is not allowed';
    case 'ENOENT':
      return 'the file, or what it needs to run, is missing';
    default:
      return (lines.at(-1) ?? error.message).trim().slice(0, 300).replace(/\.$/, '');
  }
}

export interface Running {
  process: ChildProcessWithoutNullStreams;
  /** The newest lines of stderr, oldest first. */
  lastLines: readonly string[];
  /** When the process has ended and all that it wrote was read. */
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** `line` gets each line of stderr. Rejects where the process cannot be started. */
export function run(
  file: string,
  arguments_: readonly string[],
  options: { cwd: string; environment: NodeJS.ProcessEnv },
  line: (line: string) => void,
): Promise<Running> {
  return new Promise((resolve, reject) => {
    const process = spawn(file, arguments_, { cwd: options.cwd, env: options.environment, stdio: 'pipe', windowsHide: true });
    const lastLines: string[] = [];
    createInterface({ input: process.stderr, crlfDelay: Infinity }).on('line', (text) => {
      lastLines.push(text);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      line(text);
    });
    // A server that is gone makes writes fail; `ended` says so, and an error event without a listener would end the extension host.
    process.stdin.on('error', () => undefined);
    const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
      process.once('close', (code, signal) => done({ code, signal }));
    });
    process.once('error', (error: NodeJS.ErrnoException) => reject(new Error(reason(error, []))));
    process.once('spawn', () => resolve({ process, lastLines, ended }));
  });
}
