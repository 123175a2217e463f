// Stands between the extension and Tandem, passes on what each says unchanged, and writes down both with the time. A socket
// beside the record takes requests of the test's own and returns the server's answers, which the editor never sees.
//
// recorder.mjs FOLDER TANDEM ARGUMENT... : everything but `serve` is simply run.

import fs from 'node:fs';
import net from 'node:net';
import { spawn } from 'node:child_process';

const [folder, program, ...words] = process.argv.slice(2);
const isServer = words[0] === 'serve';
const child = spawn(program, words, { stdio: isServer ? ['pipe', 'pipe', 'pipe'] : 'inherit' });
child.on('error', (problem) => {
  process.stderr.write(`${problem.message}\n`);
  process.exit(127);
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => {
  if (signal) process.kill(process.pid, 'SIGKILL');
  process.exit(code ?? 1);
});

if (isServer) record();

/** Calls `take` with each message's body; a message that has not come whole is kept for later. */
function frames(take) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(rest.toString('latin1', 0, end))?.[1]);
      if (rest.length < end + 4 + length) return;
      take(rest.toString('utf8', end + 4, end + 4 + length), rest.subarray(0, end + 4 + length));
      rest = rest.subarray(end + 4 + length);
    }
  };
}

function record() {
  const name = `${folder}/${Date.now()}-${process.pid}`;
  const file = fs.openSync(`${name}.jsonl`, 'w', 0o600);
  const note = (from, body) => {
    const time = performance.timeOrigin + performance.now();
    fs.writeSync(file, `${JSON.stringify({ time, from, ...body })}\n`);
  };
  note('recorder', { server: child.pid, words });
  child.stderr.on('data', (data) => {
    note('stderr', { text: data.toString() });
    process.stderr.write(data);
  });

  const waiting = new Map();
  // Whole messages only, so that one of the test's never gets into another.
  process.stdin.on(
    'data',
    frames((body, whole) => {
      note('client', { message: JSON.parse(body) });
      child.stdin.write(whole);
    }),
  );
  process.stdin.on('end', () => child.stdin.end());
  child.stdin.on('error', () => {});
  process.stdout.on('error', () => {});
  child.stdout.on(
    'data',
    frames((body, whole) => {
      const message = JSON.parse(body);
      const asked = waiting.get(message.id);
      if (asked) {
        waiting.delete(message.id);
        asked.end(`${body}\n`);
        return;
      }
      process.stdout.write(whole);
      note('server', { message });
    }),
  );

  let number = 0;
  const requests = net.createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (data) => (text += data));
    socket.on('end', () => {
      number += 1;
      const id = `test-${number}`;
      waiting.set(id, socket);
      const body = JSON.stringify({ jsonrpc: '2.0', id, ...JSON.parse(text) });
      child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  });
  requests.listen(`${name}.sock`, () => note('recorder', { socket: `${name}.sock` }));
}
