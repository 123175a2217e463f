// How fast a suggestion is seen in VS Code, how much of that is the server's, whether shown text flickers while somebody types for two
// minutes, and how long the extension's activation takes. Started by measure.sh; the figures stand in docs/benchmarks.md.

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';
import { setTimeout as pause } from 'node:timers/promises';
import { CodeServer } from './codeserver.mjs';
import { Editor } from './editor.mjs';
import { unexpected } from './console.mjs';

const SAMPLES = Number(process.env.EDITOR_MEASURE_SAMPLES) || 60;
const SECONDS = Number(process.env.EDITOR_MEASURE_SECONDS) || 120;
/** ms between keys, as a quick typist has them; the jitter comes from a generator, so that it is the same in every run. */
const KEY_MS = 190;
/** What is typed below the class of orders.py, in turn. */
const BEGINNINGS = ['self.audit.rec', 'self.status = ', 'if self.sta', 'self.audit.record(self.ord', 'raise Value', 'status = self.'];

const ORDERS = scratch.read(`${scratch.repository}/tests/editors/workspace/orders.py`);

const server = await CodeServer.start('measure', {
  environment: { TANDEM_COMPLETION_EAGERNESS: '100' },
  user: { 'editor.autoClosingBrackets': 'never', 'editor.autoClosingQuotes': 'never', 'editor.autoIndent': 'none' },
});
const editor = await Editor.open(server);
check.onFailure.push((name) => editor.recover(name));

/** Lets the window draw what has come: one frame more than that takes. */
function frames() {
  return editor.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

function line(what, values) {
  check.note(`   ${what}: median ${quantile(values, 0.5).toFixed(1)} ms, p95 ${quantile(values, 0.95).toFixed(1)} ms (${values.length})`);
}

await editor.openFile('orders.py');
await editor.ready('orders.py');

await check.testCase('key press to visible ghost text', async () => {
  await editor.press('Control+End');
  const totals = [];
  const servers = [];
  const waits = [];
  const draws = [];
  let early = 0;
  for (let sample = 0; totals.length < SAMPLES && sample < SAMPLES * 3; sample += 1) {
    const typed = BEGINNINGS[sample % BEGINNINGS.length];
    await editor.press('Control+End');
    await editor.type(`\n        # step ${sample}\n        `);
    await check.wait('quiet', async () => {
      if (editor.pending() > 0) return false;
      await frames();
      if ((await editor.ghost()) === null) return true;
      await editor.press('Escape');
      return false;
    });
    await editor.page.evaluate(() => (window.probe.events.length = 0));
    await editor.type(typed);
    await check.wait('the answers', () => editor.pending() === 0);
    await frames();
    const events = await editor.page.evaluate(() => window.probe.events);
    const lastKey = events.findLastIndex((event) => event.key !== undefined);
    // What was on the screen before the last key was there too early to measure by it.
    if (events.slice(0, lastKey).findLast((event) => event.ghost !== undefined)?.ghost) {
      early += 1;
      continue;
    }
    const shown = events.slice(lastKey + 1).find((event) => event.ghost);
    if (!shown) continue;
    const asked = editor.wire.sent('textDocument/inlineCompletion').findLast((entry) => entry.time < shown.time);
    const answered = editor.wire.answer(asked);
    totals.push(shown.time - events[lastKey].time);
    servers.push(answered.time - asked.time);
    waits.push(asked.time - events[lastKey].time);
    draws.push(shown.time - answered.time);
  }
  check.truthy(totals.length >= Math.min(50, SAMPLES), `only ${totals.length} samples`);
  line('VS Code, key to visible', totals);
  line('  of it the server, request to answer', servers);
  line('  of it before the request left', waits);
  line('  of it from answer to drawn', draws);
  line('  client alone', totals.map((total, at) => total - servers[at]));
  check.note(`   shown before the last key, and not counted: ${early}`);
});

/** ms. A busy window draws later than keys come: what is drawn so soon after a key may still be about the text before it. */
const LATE_MS = 250;

/**
 * Changes of what is shown that no key explains: it is cut, replaced or taken away without one, or although what was typed goes on with
 * it.
 */
function flickers(events) {
  const found = [];
  let shown = { ghost: null, time: 0 };
  let typed = [];
  for (const event of events) {
    if (event.key !== undefined) {
      if (!['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) typed = [...typed.slice(-8), event];
      continue;
    }
    const before = shown;
    shown = event;
    if (before.ghost === null || event.ghost?.startsWith(before.ghost)) continue;
    const recent = typed.map(({ key }) => (key.length === 1 ? key : '\n')).join('');
    const isTypedAlong = [...before.ghost].some((_, at) => {
      const taken = before.ghost.slice(0, at + 1);
      const rest = before.ghost.slice(at + 1);
      return recent.includes(taken) && (rest === '' ? true : event.ghost?.startsWith(rest));
    });
    if (isTypedAlong) continue;
    const since = typed.filter(({ time }) => time >= before.time);
    const goesAlong = since.length > 0 && before.ghost.startsWith(since.map(({ key }) => key).join(''));
    if (goesAlong || !typed.some(({ time }) => time >= before.time - LATE_MS)) found.push(event);
  }
  return found;
}

await check.testCase('a session of typing', async () => {
  await editor.openNew('shipments.py', '');
  await editor.ready('shipments.py');
  const text = ORDERS.replaceAll('order', 'shipment').replaceAll('Order', 'Shipment');
  editor.console.length = 0;
  await editor.page.evaluate(() => (window.probe.events.length = 0));
  const began = performance.now();
  let due = began;
  let state = 20261121;
  let typed = 0;
  while (performance.now() - began < SECONDS * 1000) {
    const key = text[typed % text.length];
    await editor.press(key === '\n' ? 'Enter' : key === ' ' ? 'Space' : key);
    typed += 1;
    // Numerical Recipes' generator, as in nvim.lua.
    state = (state * 1664525 + 1013904223) % 4294967296;
    due += KEY_MS * (0.5 + state / 4294967296);
    await pause(Math.max(0, due - performance.now()));
  }
  const events = await editor.page.evaluate(() => window.probe.events);
  const found = flickers(events);
  const changes = events.filter((event) => event.ghost).length;
  check.note(`   VS Code, ${SECONDS} s: ${typed} keys, ${changes} texts shown, ${found.length} flickers, ${unexpected(editor.console).length} lines on the console`);
  for (const event of found.slice(0, 10)) {
    const at = events.indexOf(event);
    check.note(`     ${JSON.stringify(events.slice(Math.max(0, at - 4), at + 2))}`);
  }
});

await check.testCase('activation', async () => {
  // The slowest stand on top; what is below the window is not drawn.
  await editor.page.setViewportSize({ width: 1100, height: 3000 });
  await editor.command('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Tandem' });
  await row.first().waitFor();
  const text = await row.first().innerText();
  check.note(`   extension: ${check.truthy(/Activation: *\d+ *ms/.exec(text), text)[0]}`);
});

await server.stop();
check.finish();
