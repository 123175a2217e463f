// From Markdown to elements. Links, images and HTML are not rules here at all, so they stay the text that they are; what can be
// clicked is the citations alone, which the server names by their place and not by how they look.

import MarkdownIt, { type Token } from 'markdown-it';
import type { Citation } from '../protocol';
import { type Element, type Node, type Tag, TAGS } from './tree';

/** Characters for private use stand where a citation is while Markdown is read. They are taken out of the text before. */
const OPEN = '\uE000';
const CLOSE = '\uE001';
const MARKS = /[\uE000\uE001]/g;
const CITED = /\uE000(\d+)\uE001/g;

/** A citation with its place in the whole text. */
export interface Placed {
  at: number;
  citation: Citation;
  /** Its number in the answer. */
  number: number;
}

const parser = new MarkdownIt({ html: false, linkify: false, typographer: false });
parser.disable(['link', 'image', 'autolink', 'reference', 'html_block', 'html_inline']);

/** The blocks of a text, in order. Any text has some: nothing in it is an error. */
export function blocks(text: string, citations: readonly Placed[]): Element[] {
  const known = new Map(citations.map((placed) => [placed.number, placed.citation]));
  const tokens = parser.parse(marked(text, citations), {});
  const root: Element = { tag: 'p', children: [] };
  build(tokens, root, known);
  return root.children.filter((node): node is Element => 'tag' in node);
}

/** The text with a mark in each citation's place. One that does not stand where it should is left as text. */
function marked(text: string, citations: readonly Placed[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { at, citation, number } of citations) {
    if (at < end || text.slice(at, at + citation.text.length) !== citation.text || citation.text === '') continue;
    parts.push(text.slice(end, at).replace(MARKS, ''), OPEN, String(number), CLOSE);
    end = at + citation.text.length;
  }
  parts.push(text.slice(end).replace(MARKS, ''));
  return parts.join('');
}

function build(tokens: readonly Token[], root: Element, known: Map<number, Citation>): void {
  const open: Element[] = [root];
  for (const token of tokens) {
    const parent = open.at(-1) ?? root;
    if (token.nesting === -1) {
      if (open.length > 1 && tag(token) !== undefined) open.pop();
      continue;
    }
    if (token.type === 'inline') {
      build(token.children ?? [], parent, known);
    } else if (token.type === 'fence' || token.type === 'code_block') {
      parent.children.push({ tag: 'pre', children: [{ tag: 'code', children: leaves(token.content, known) }] });
    } else if (token.type === 'code_inline') {
      parent.children.push({ tag: 'code', children: leaves(token.content, known) });
    } else if (token.type === 'softbreak') {
      parent.children.push({ text: '\n' });
    } else {
      const name = tag(token);
      if (name === undefined) {
        parent.children.push(...leaves(token.content, known));
        continue;
      }
      const element: Element = { tag: name, children: [] };
      const start = Number(token.attrGet('start') ?? Number.NaN);
      if (name === 'ol' && Number.isSafeInteger(start)) element.start = start;
      parent.children.push(element);
      if (token.nesting === 1) open.push(element);
    }
  }
}

/** The view has headings of its own above those of an answer. */
function tag(token: Token): Tag | undefined {
  const name = /^h[1-6]$/.test(token.tag) ? `h${Math.min(6, Number(token.tag[1]) + 2)}` : token.tag;
  return TAGS.has(name) ? (name as Tag) : undefined;
}

function leaves(text: string, known: Map<number, Citation>): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const match of text.matchAll(CITED)) {
    const citation = known.get(Number(match[1]));
    if (match.index > end) nodes.push({ text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    if (citation !== undefined)
      nodes.push({
        citation: Number(match[1]),
        text: unescaped(citation.text),
        isVerified: citation.isVerified && citation.uri !== undefined,
      });
  }
  if (end < text.length) nodes.push({ text: text.slice(end) });
  return nodes;
}

function unescaped(text: string): string {
  return text.replace(/\\([!-/:-@[-`{-~])/g, '$1');
}
