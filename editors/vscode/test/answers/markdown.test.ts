// Answers are the words of strangers. What is in them stays text, and what can be clicked is what the server has checked.

import { describe, expect, it } from 'vitest';
import { blocks, type Placed } from '../../src/answers/markdown';
import type { Node } from '../../src/answers/tree';
import type { Citation } from '../../src/protocol';

/** A tree as one line: `p(hello em(you))`. */
function show(node: Node): string {
  if ('citation' in node) return `${node.isVerified ? 'open' : 'unverified'}#${node.citation}[${node.text}]`;
  if (!('tag' in node)) return node.text;
  return `${node.tag}${node.start === undefined ? '' : `@${node.start}`}(${node.children.map(show).join('')})`;
}

const read = (text: string, citations: Placed[] = []): string[] => blocks(text, citations).map(show);

function cited(text: string, ...all: (Partial<Citation> & { text: string })[]): Placed[] {
  let from = 0;
  return all.map((citation, number) => {
    const at = text.indexOf(citation.text, from);
    from = at + citation.text.length;
    return { at, number, citation: { at, isVerified: true, uri: 'file:///w/a.rs', line: 1, ...citation } };
  });
}

describe('Markdown', () => {
  it('has paragraphs, lists, code, tables and quotes', () => {
    expect(read('# Title\n\nSome *soft* and **hard** `code`.')).toEqual(['h3(Title)', 'p(Some em(soft) and strong(hard) code(code).)']);
    expect(read('* one\n* two\n\n3. three')).toEqual(['ul(li(p(one))li(p(two)))', 'ol@3(li(p(three)))']);
    expect(read('```rust\nfn main() {}\n```')).toEqual(['pre(code(fn main() {}\n))']);
    expect(read('| a | b |\n|---|---|\n| 1 | 2 |')).toEqual(['table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2))))']);
    expect(read('> so\n\n---')).toEqual(['blockquote(p(so))', 'hr()']);
  });

  it('keeps HTML, links and images as the text that they are', () => {
    const evil = '<img src=x onerror=alert(1)> [here](javascript:alert(1)) ![](https://e.example/x.png) <https://e.example>';
    const all = read(evil);
    expect(all).toEqual([`p(${evil})`]);
    expect(read('<script>alert(1)</script>\n\ntext')).toEqual(['p(<script>alert(1)</script>)', 'p(text)']);
    expect(read('[a]: https://e.example\n\n[a]')).toEqual(['p([a]: https://e.example)', 'p([a])']);
  });

  it('reads what is not finished yet', () => {
    for (let length = 0; length < 60; length++) read('# A `b` **c**\n\n```rs\nlet x = "`";\n```\n| a |\n|---|\n| b |'.slice(0, length));
    expect(read('text and ```')).toEqual(['p(text and ```)']);
    expect(read('```\nopen')).toEqual(['pre(code(open))']);
  });

  it('is not brought down by depth', () => {
    expect(read('> '.repeat(5_000) + 'deep')).toHaveLength(1);
    expect(read(`${'*'.repeat(5_000)}a`).length).toBeGreaterThan(0);
  });
});

describe('a citation', () => {
  it('is a place to open where the server has checked it, in text and in code', () => {
    const text = 'See src/a.rs:12 and `src/b.rs:3`.';
    expect(read(text, cited(text, { text: 'src/a.rs:12' }, { text: 'src/b.rs:3' }))).toEqual([
      'p(See open#0[src/a.rs:12] and code(open#1[src/b.rs:3]).)',
    ]);
  });

  it('is marked where it was not found, and where nobody says what file it is', () => {
    const text = 'See a.rs:1, b.rs:2.';
    const all = cited(text, { text: 'a.rs:1', isVerified: false }, { text: 'b.rs:2' });
    delete all[1]!.citation.uri;
    expect(read(text, all)).toEqual(['p(See unverified#0[a.rs:1], unverified#1[b.rs:2].)']);
  });

  it('is nothing but what the server named: the same words elsewhere are text', () => {
    const text = 'a.rs:1 and a.rs:1';
    const [first] = cited(text, { text: 'a.rs:1' });
    expect(read(text, [first!])).toEqual(['p(open#0[a.rs:1] and a.rs:1)']);
  });

  it('is shown without its escapes', () => {
    const text = String.raw`In my\_file.rs:7 it is.`;
    expect(read(text, cited(text, { text: String.raw`my\_file.rs:7` }))).toEqual(['p(In open#0[my_file.rs:7] it is.)']);
  });

  it('that does not stand where it should is text', () => {
    const text = 'See a.rs:1.';
    const wrong = cited(text, { text: 'a.rs:1' });
    wrong[0]!.at = 2;
    expect(read(text, wrong)).toEqual(['p(See a.rs:1.)']);
  });

  it('cannot be made by an answer that writes our marks', () => {
    const text = 'Look: \uE0000\uE001 and a.rs:1';
    expect(read(text, cited(text, { text: 'a.rs:1' }))).toEqual(['p(Look: 0 and open#0[a.rs:1])']);
  });
});
