// What the editor and the server told each other, as recorder.mjs wrote it down, and questions to the running server.

import fs from 'node:fs';
import net from 'node:net';

import * as check from './check.mjs';

/** What a file holds from a position on. */
function tail(file, position) {
  const descriptor = fs.openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fs.fstatSync(descriptor).size - position));
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, bytes.length, position));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The record of the newest server of a home, and of the ones before it. */
export class Wire {
  constructor(home) {
    this.folder = `${home}/wire`;
    this.known = new Map();
  }

  /** The servers that were started, oldest first: the names of their records. */
  servers() {
    return fs
      .readdirSync(this.folder)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => `${this.folder}/${name}`);
  }

  /** Every entry of the newest record, or of the given one. A line that is still being written is left for later. */
  entries(file = this.servers().at(-1)) {
    if (!file) return [];
    const known = this.known.get(file) ?? { position: 0, entries: [], answers: new Map() };
    const bytes = tail(file, known.position);
    const end = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      const entry = JSON.parse(line);
      known.entries.push(entry);
      if (entry.message && entry.message.id !== undefined && !entry.message.method) known.answers.set(`${entry.from} ${entry.message.id}`, entry);
    }
    known.position += end;
    this.known.set(file, known);
    return known.entries;
  }

  /** Messages of one method, requests and notifications of either side. */
  sent(method, from) {
    return this.entries().filter((entry) => entry.message?.method === method && (!from || entry.from === from));
  }

  /** The answer to a request that was recorded; undefined while there is none. */
  answer(entry) {
    const other = entry.from === 'client' ? 'server' : 'client';
    this.entries();
    return this.known.get(this.servers().at(-1))?.answers.get(`${other} ${entry.message.id}`);
  }

  /** The process id of the newest server. */
  serverId() {
    return this.entries().find((entry) => entry.server)?.server;
  }

  /** Asks the server something that the editor does not know of. */
  async request(method, params) {
    const socket = await check.wait('the recorder to listen', () => this.entries().find((entry) => entry.socket)?.socket);
    const text = await new Promise((resolve, reject) => {
      let answer = '';
      const connection = net.connect(socket, () => connection.end(JSON.stringify({ method, params })));
      connection.on('data', (data) => (answer += data));
      connection.on('end', () => resolve(answer));
      connection.on('error', reject);
    });
    const { result, error } = JSON.parse(text);
    check.truthy(!error, `${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** The text that the server believes a document to hold. */
  async documentText(uri) {
    return (await this.request('tandem/documentText', { textDocument: { uri } }))?.text;
  }
}
