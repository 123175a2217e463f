// What the status bar says, for all that can be.

import { describe, expect, it } from 'vitest';
import { entries } from '../../src/menu';
import type { Status } from '../../src/protocol';
import type { State } from '../../src/server/lifecycle';
import { latency, size, words } from '../../src/status/words';

const running: State = { name: 'running', file: '/bin/tandem', version: '0.1.0' };
const ready: Status = { state: 'ready', engine: 'llama', model: 'qwen2.5-coder-1.5b', device: 'CPU', busy: 0 };
const say = (status: Status | undefined, more: { state?: State; isTrusted?: boolean; now?: number } = {}) =>
  words({ state: running, isTrusted: true, now: 0, ...more, status });

describe('the status bar', () => {
  it('says what runs, how fast, and what was spent', () => {
    const said = say({
      ...ready,
      lastLatencyMs: 38.4,
      lastSource: 'both',
      eagerness: 'medium',
      cloud: { provider: 'anthropic', model: 'claude-opus-5-5' },
      today: { cost: '$0.41', limit: '$20 per month', share: 0.153 },
      questions: { running: 0, answeredBy: 'anthropic, claude-opus-5-5', cost: '$0.12' },
    });
    expect(said.text).toBe('$(sparkle) Tandem $0.41');
    expect(said.severity).toBe('none');
    expect(said.lines).toEqual([
      'Tandem: ready',
      'Model: qwen2.5-coder-1.5b on CPU',
      'Last answer: 38 ms, written by lookup and model',
      'Eagerness: medium',
      'Cloud: anthropic, claude-opus-5-5',
      'Spent today: $0.41; 15 % of $20 per month used',
      'Last question: anthropic, claude-opus-5-5, $0.12',
    ]);
    expect(said.label).toBe(said.lines.map((line) => `${line}.`).join(' '));
  });

  it('says who is paid for suggestions, or that nobody allowed it', () => {
    const paid = { provider: 'mistral', model: 'codestral', requests: 12, cost: '$0.01', lastCost: '$0.000823' };
    expect(say({ ...ready, suggestions: paid }).lines[2]).toBe('Suggestions: 12 by mistral, codestral, for $0.01, the last one $0.000823');
    expect(say({ ...ready, suggestions: { ...paid, wantsConsent: true } }).lines[2]).toBe(
      'Suggestions: mistral is not asked, you have not allowed it in this folder',
    );
  });

  it('has no icon in what is read aloud', () => {
    for (const state of [
      running,
      { name: 'stopped' },
      { name: 'starting' },
      { name: 'waiting', ms: 8000 },
      { name: 'failed', failure: { kind: 'notFound', file: 'tandem' } },
    ] as State[]) {
      expect(say(ready, { state }).label).not.toContain('$(');
    }
  });

  it('tells each state of the model', () => {
    expect(say({ ...ready, state: 'loading', percentage: 40 }).lines[0]).toBe('Tandem: loading the model, 40 %');
    expect(say({ state: 'idle', engine: 'lookup' }).lines).toEqual(['Tandem: ready, lookup alone', 'Model: none, lookup alone']);
    expect(say({ state: 'idle', engine: 'llama' }).lines).toEqual(['Tandem: ready, the model loads when it is needed']);
    const failed = say({ state: 'failed', engine: 'llama', failure: 'the file is no model' });
    expect([failed.severity, failed.lines[1]]).toEqual(['warning', 'Model: the file is no model']);
    const asleep = say({ state: 'asleep', engine: 'llama', asleepBecause: 'it was not used for 30 minutes' });
    expect(asleep.lines.slice(0, 2)).toEqual(['Tandem: ready, the model sleeps', 'Model: it was not used for 30 minutes']);
    const polite = say({ ...ready, rest: { sleeps: 0, wakes: 0, politeBecause: ['the machine runs on battery'] } });
    expect([polite.severity, polite.lines.includes('Model: the machine runs on battery')]).toEqual(['none', true]);
    expect(say({ ...ready, warnings: ['it repeats itself'] }).lines).toContain('Model: it repeats itself');
  });

  it('tells who writes, why nothing is sent, and what was', () => {
    const server = { host: 'gpu.example:8080', isOnThisMachine: false, writer: 'server' as const, requests: 1, bytes: 812 };
    const lines = (more: Partial<NonNullable<Status['server']>>): string[] =>
      say({ ...ready, server: { ...server, ...more } }).lines.filter((line) => line.startsWith('Server'));
    expect(lines({})).toEqual(['Server: gpu.example:8080 writes', 'Server: 1 request with 812 B sent']);
    expect(
      lines({ writer: 'here', down: 'nothing listens there', requests: 20, bytes: 40_400, withheld: { secret: 2, localOnly: 1 } }),
    ).toEqual([
      'Server: the model here writes, not gpu.example:8080',
      'Server: not asked now, nothing listens there',
      'Server: 20 requests with 40 kB sent, 3 kept on this machine',
    ]);
    expect(lines({ kept: 'a secret is in it' })[1]).toBe('Server: nothing was sent, a secret is in it');
    expect(lines({ writer: 'nobody' })[0]).toContain('nobody writes');
    expect(say(ready).lines.some((line) => line.startsWith('Server'))).toBe(false);
    expect(size(1_240_000)).toBe('1.2 MB');
  });

  it('tells how long a pause lasts', () => {
    expect(say({ ...ready, paused: true }).lines[0]).toBe('Tandem: paused until you resume');
    expect(say({ ...ready, paused: true, pausedUntil: 290 }).lines[0]).toBe('Tandem: paused for 5 more min');
    expect(say({ ...ready, paused: true, pausedUntil: 28_800 }).lines[0]).toBe('Tandem: paused for 8 more hours');
    expect(say({ ...ready, paused: true, pausedUntil: 10 }, { now: 60_000 }).lines[0]).toBe('Tandem: paused for 1 more min');
  });

  it('tells why nothing goes to a cloud', () => {
    expect(say({ ...ready, cloud: { isOff: 'there is no monthly limit' } }).lines).toContain('Cloud: off, there is no monthly limit');
    expect(say({ ...ready, cloud: { provider: 'openai' } }, { isTrusted: false }).lines).toContain(
      'Cloud: off, because the workspace is not trusted',
    );
  });

  it('warns when a limit is nearly used up', () => {
    expect(say({ ...ready, today: { cost: '$18', share: 0.89 } }).severity).toBe('none');
    expect(say({ ...ready, today: { cost: '$18', limit: '$20 per month', share: 0.9 } }).severity).toBe('warning');
  });

  it('says that the server is not there', () => {
    expect(say(undefined, { state: { name: 'failed', failure: { kind: 'notFound', file: 'tandem' } } }).severity).toBe('error');
    expect(say(undefined, { state: { name: 'waiting', ms: 2_000 } }).lines[0]).toBe('Tandem: ended, starts again in 2 s');
    expect(say(undefined).lines[0]).toBe('Tandem: starting');
  });

  it('writes times as people read them', () => {
    expect([0.42, 9.99, 38.4, 999, 1234].map(latency)).toEqual(['0.4 ms', '10.0 ms', '38 ms', '999 ms', '1.2 s']);
  });
});

describe('the menu', () => {
  const commands = (state: State, status: Status | undefined, isTrusted = true): string[] =>
    entries(state, status, isTrusted).flatMap((entry) => (entry === 'line' ? [] : [entry.command]));

  it('offers all that there is while the server runs', () => {
    const all = commands(running, ready);
    for (const name of ['pause', 'eagerness', 'model', 'why', 'ask', 'budget', 'audit', 'trust', 'log', 'restart', 'settings'])
      expect(all).toContain(`tandem.ui.${name}`);
  });

  it('resumes what is paused', () => {
    expect(commands(running, { ...ready, paused: true })).toContain('tandem.ui.resume');
    expect(commands(running, { ...ready, paused: true })).not.toContain('tandem.ui.pause');
  });

  it('offers no cloud in a folder that is not trusted', () => {
    expect(commands(running, ready, false)).not.toContain('tandem.ui.setKey');
    expect(commands(running, ready, false)).toContain('workbench.trust.manage');
  });

  it('helps to get the server running while it is not', () => {
    expect(commands({ name: 'failed', failure: { kind: 'notFound', file: 'tandem' } }, undefined)).toEqual([
      'tandem.ui.choosePath',
      'tandem.ui.log',
      'tandem.ui.restart',
      'tandem.ui.settings',
      'tandem.ui.walkthrough',
    ]);
  });
});
