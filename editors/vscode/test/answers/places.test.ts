// What an answer points to is shown, and nothing else is done.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/answers/conversation';
import { openPlace, review } from '../../src/answers/places';
import type { Documents } from '../../src/documents';
import type { Diff } from '../../src/protocol';
import { done, files, Range, Uri } from '../vscode';

beforeEach(() => {
  done.length = 0;
  files.clear();
  files.set('file:///w/a.rs', 20);
});

/** Notes what is added, under an address that says it. */
const documents = { add: (path: string, text: string) => new Uri(`${path}=${text}`, 'view') } as unknown as Documents;

function change(diff: Diff): Answer {
  return { title: 'Write tests', footer: { diff } } as unknown as Answer;
}

describe('a place', () => {
  it('is opened with its lines selected, beside the answer', async () => {
    await openPlace('file:///w/a.rs', 3, 5, 2);
    expect(done).toEqual([['show', new Uri('/w/a.rs'), { selection: new Range(2, 0, 4, 10), viewColumn: 1, preserveFocus: false }]]);
    await openPlace('file:///w/a.rs', 3, 5, 1);
    expect(done[1]?.[2]).toMatchObject({ viewColumn: 2 });
  });

  it('behind the end of a file that became shorter is its end', async () => {
    await openPlace('file:///w/a.rs', 90, 95, undefined);
    expect(done[0]?.[2]).toMatchObject({ selection: new Range(19, 0, 19, 10) });
  });

  it('that is gone is said to be', async () => {
    await openPlace('file:///w/gone.rs', 1, 1, 2);
    expect(done).toEqual([['warn', '/w/gone.rs cannot be opened. It may have been moved since.']]);
  });

  it('of another kind than a file is not opened', async () => {
    for (const address of ['https://e.example/a.rs', 'command:workbench.action.quit', 'vscode://x/y']) await openPlace(address, 1, 1, 2);
    expect(done).toEqual([]);
  });
});

describe('a change', () => {
  const one = { path: 'a.rs', uri: 'file:///w/a.rs', newText: 'new' };
  const other = { path: 'tests/b.rs', uri: 'file:///w/tests/b.rs', newText: 'test' };

  it('of one file is compared with what is there', async () => {
    await review(change({ text: '', problems: [], files: [one] }), documents);
    expect(done).toEqual([
      ['vscode.diff', new Uri('/w/a.rs'), new Uri('/w/a.rs=new', 'view'), 'a.rs (proposed)', { viewColumn: 1, preview: true }],
    ]);
  });

  it('that makes a file is compared with nothing', async () => {
    await review(change({ text: '', problems: [], files: [other] }), documents);
    expect(done[0]?.slice(1, 3)).toEqual([new Uri('tests/b.rs=', 'view'), new Uri('/w/tests/b.rs=test', 'view')]);
  });

  it('of several files is shown as all of them', async () => {
    await review(change({ text: '', problems: [], files: [one, other] }), documents);
    expect(done.at(-1)).toEqual([
      'vscode.changes',
      'Write tests (proposed)',
      [
        [new Uri('/w/a.rs'), new Uri('/w/a.rs'), new Uri('/w/a.rs=new', 'view')],
        [new Uri('/w/tests/b.rs'), undefined, new Uri('/w/tests/b.rs=test', 'view')],
      ],
    ]);
  });

  it('that does not apply, or leads elsewhere, is shown as it was written', async () => {
    for (const diff of [
      { text: '--- a', problems: ['a.rs has changed'], files: [one] },
      { text: '--- a', problems: [], files: [one, { path: 'b.rs', uri: 'file:///w/b.rs' }] },
      { text: '--- a', problems: [] },
      { text: '--- a', problems: [], files: [{ ...one, uri: 'https://e.example/a.rs' }] },
    ]) {
      done.length = 0;
      await review(change(diff), documents);
      expect(done).toEqual([['show', new Uri('--- a', 'untitled-diff'), { preview: true, viewColumn: 1 }]]);
    }
  });
});
