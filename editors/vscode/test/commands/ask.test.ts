// Questions on their way: what goes along, and what becomes of the words where they are not taken.

import { beforeEach, describe, expect, it } from 'vitest';
import { ask, cancel, explain, run } from '../../src/commands/ask';
import type { Server } from '../../src/server/server';
import { boxes, done, now, Uri } from '../vscode';

let sent: unknown[][];
/** What the server fails with, or undefined. */
let problem: string | undefined;

const server = {
  state: { name: 'running' },
  converter: { asUri: (uri: Uri) => uri.toString(), asRange: (range: unknown) => range },
  execute: (...words: unknown[]) => {
    sent.push(words);
    return problem === undefined ? Promise.resolve({}) : Promise.reject(new Error(problem));
  },
} as unknown as Server;

const edit = (scheme: string): void => void (now.editor = { document: { uri: new Uri('/w/a.rs', scheme) }, selection: { isEmpty: true } });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const box = () => boxes.at(-1)!;

beforeEach(() => {
  boxes.length = done.length = 0;
  [sent, problem, now.editor, now.chosen] = [[], undefined, undefined, undefined];
});

async function write(words: string): Promise<void> {
  box().value = words;
  box().accepted.fire();
  await settled();
}

describe('the box', () => {
  it('sends the words with their place, once, and goes', async () => {
    edit('file');
    await ask(server, {}, 'tandem.ask');
    box().value = ' why? ';
    box().accepted.fire();
    box().accepted.fire();
    expect(box().isVisible).toBe(true);
    await settled();
    const place = { uri: 'file:///w/a.rs', range: { isEmpty: true } };
    expect(sent).toEqual([['tandem.ask', { ...place, subject: 'here', question: 'why?' }]]);
    expect(box().isVisible).toBe(false);
  });

  it('keeps the words that the server does not take, and sends them again', async () => {
    await ask(server, {}, 'tandem.ask');
    problem = 'Tandem is not running.';
    await write('why is this so?');
    expect(box()).toMatchObject({ isVisible: true, busy: false, value: 'why is this so?' });
    expect(box().validationMessage).toBe('Tandem cannot take this question: Tandem is not running.');
    problem = undefined;
    await write('why is this so?');
    expect(sent).toHaveLength(2);
    expect(box().isVisible).toBe(false);
  });

  it('that was closed meanwhile leaves it to a message', async () => {
    await ask(server, {}, 'tandem.ask');
    problem = 'Tandem is not running.';
    box().value = 'why?';
    box().accepted.fire();
    box().hide();
    await settled();
    expect(done).toEqual([['warn', 'Tandem cannot take this question: Tandem is not running.']]);
  });

  it('asks about the workspace, and says so, where something else than a file is shown', async () => {
    for (const scheme of ['git', 'output', 'tandem-view', 'vscode-notebook-cell', 'untitled']) {
      edit(scheme);
      await ask(server, {}, 'tandem.ask');
      expect(box().title, scheme).toBe('Ask about the workspace');
      await write('why?');
      expect(sent.at(-1), scheme).toEqual(['tandem.ask', { subject: 'workspace', question: 'why?' }]);
    }
  });

  it('says that a document without a file has no place', async () => {
    edit('untitled');
    await ask(server, {}, 'tandem.ask');
    now.chosen = { subject: 'function' };
    box().pressed.fire(box().buttons[0]);
    await settled();
    await write('why?');
    expect(sent).toEqual([]);
    expect(box().validationMessage).toContain('no file yet');
  });
});

describe('Explain This', () => {
  it('asks about the place of the cursor', async () => {
    edit('file');
    await explain(server);
    expect(sent).toEqual([['tandem.ask', { uri: 'file:///w/a.rs', range: { isEmpty: true }, kind: 'explain', subject: 'here' }]]);
  });

  it('refuses where there is no such place, and asks nothing', async () => {
    await expect(explain(server)).rejects.toThrow('put the cursor into a file');
    for (const scheme of ['git', 'output', 'tandem-view', 'vscode-notebook-cell']) {
      edit(scheme);
      await expect(explain(server), scheme).rejects.toThrow('no file of its own');
    }
    edit('untitled');
    await expect(explain(server)).rejects.toThrow('no file yet');
    expect(sent).toEqual([]);
  });
});

it('what is not taken, or not cancelled, is said', async () => {
  problem = 'Tandem is not running.';
  expect(await run(server, 'tandem.ask', { question: 'why?' })).toBe(false);
  await cancel(server, 4);
  expect(done).toEqual([
    ['warn', 'Tandem cannot take this question: Tandem is not running.'],
    ['warn', 'The question was not cancelled: Tandem is not running.'],
  ]);
  problem = undefined;
  expect(await run(server, 'tandem.ask', { question: 'why?' })).toBe(true);
});
