// Pictures of terminals: text with escape sequences, as tmux captures it, becomes a page that Chromium takes a picture of.

import fs from 'node:fs';
import path from 'node:path';

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';

const FOREGROUND = '#d4d4d4';
const BACKGROUND = '#1e1e1e';
/** The sixteen colours of a terminal: dark, then bright. */
const COLOURS = [
  ...['#1e1e1e', '#f14c4c', '#6a9955', '#d7ba7d', '#569cd6', '#c586c0', '#4ec9b0', '#d4d4d4'],
  ...['#808080', '#f14c4c', '#89d185', '#e5e510', '#9cdcfe', '#d670d6', '#29b8db', '#ffffff'],
];

/** One of the 256 colours: the sixteen, a cube of six steps each, and greys. */
function indexed(number) {
  if (number < 16) return COLOURS[number];
  if (number >= 232) return `rgb(${Array(3).fill((number - 232) * 10 + 8)})`;
  const step = (value) => (value === 0 ? 0 : value * 40 + 55);
  const at = number - 16;
  return `rgb(${step(Math.floor(at / 36))},${step(Math.floor(at / 6) % 6)},${step(at % 6)})`;
}

/** What a sequence of attributes changes in a style. */
function apply(style, codes) {
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) for (const name of Object.keys(style)) delete style[name];
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.reverse = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 27) style.reverse = false;
    else if (code === 39) delete style.colour;
    else if (code === 49) delete style.ground;
    else if (code >= 30 && code <= 37) style.colour = COLOURS[code - 30];
    else if (code >= 90 && code <= 97) style.colour = COLOURS[code - 82];
    else if (code >= 40 && code <= 47) style.ground = COLOURS[code - 40];
    else if (code >= 100 && code <= 107) style.ground = COLOURS[code - 92];
    else if (code === 38 || code === 48) {
      const isIndexed = codes[at + 1] === 5;
      const value = isIndexed ? indexed(codes[at + 2]) : `rgb(${codes.slice(at + 2, at + 5)})`;
      style[code === 38 ? 'colour' : 'ground'] = value;
      at += isIndexed ? 2 : 4;
    }
  }
}

function span(style, text, isCursor) {
  let colour = style.colour ?? FOREGROUND;
  let ground = style.ground ?? BACKGROUND;
  if (Boolean(style.reverse) !== isCursor) [colour, ground] = [ground, colour];
  const css = [`color:${colour}`, `background:${ground}`];
  if (style.bold) css.push('font-weight:bold');
  if (style.italic) css.push('font-style:italic');
  if (style.underline) css.push('text-decoration:underline');
  if (style.dim) css.push('opacity:.6');
  const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<span style="${css.join(';')}">${plain}</span>`;
}

/** The rows of a terminal as HTML. Its first line tells where the cursor is. */
export function toHtml(captured) {
  const [place, ...rows] = captured.replace(/\n$/, '').split('\n');
  const [column, row] = place.split(' ').map(Number);
  const style = {};
  return rows
    .map((line, number) => {
      let at = 0;
      let html = '';
      for (const [, codes, text] of line.matchAll(/\x1b\[([\d;:]*)m|([^\x1b]+)/g)) {
        if (codes !== undefined) {
          // What a colon divides is a detail of one attribute, as the kind of an underline.
          apply(style, codes.split(';').map((code) => Number(code.split(':')[0] || 0)));
          continue;
        }
        const cells = [...text];
        const cursor = number === row ? column - at : -1;
        if (cursor >= 0 && cursor < cells.length) {
          html += span(style, cells.slice(0, cursor).join(''), false) + span(style, cells[cursor], true);
          html += span(style, cells.slice(cursor + 1).join(''), false);
        } else {
          html += span(style, text, false);
        }
        at += cells.length;
      }
      if (number === row && column >= at) html += `${' '.repeat(column - at)}${span({}, ' ', true)}`;
      return html;
    })
    .join('\n');
}

/** Takes a picture of each terminal that pictures.lua has kept. */
export async function renderTerminals(server, folder) {
  const kept = `${scratch.directory}/terminals`;
  const names = fs.existsSync(kept) ? fs.readdirSync(kept).sort() : [];
  const { page } = await server.window();
  for (const file of names) {
    const name = `${path.basename(file, '.ansi')}.png`;
    await check.testCase(`${name}, drawn`, async () => {
      await page.setContent(`<!doctype html><meta charset="utf-8"><style>
        body { margin: 0; background: ${BACKGROUND}; }
        pre { margin: 0; padding: 10px 12px; width: max-content; font: 14px/19px 'JetBrains Mono', 'DejaVu Sans Mono', monospace;
          font-variant-ligatures: none; color: ${FOREGROUND}; }
        span { display: inline-block; height: 19px; vertical-align: top; white-space: pre; }
      </style><pre>${toHtml(scratch.read(`${kept}/${file}`))}</pre>`);
      await page.evaluate(() => document.fonts.ready);
      await page.locator('pre').screenshot({ path: `${folder}/${name}` });
    });
  }
}
