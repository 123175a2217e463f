// Keys: kept in the secret storage, handed out as variables, and nowhere else.

import { beforeEach, describe, expect, it } from 'vitest';
import { isVariable, PROVIDERS, sources, withoutKeys } from '../../src/keys/providers';
import { Keys } from '../../src/keys/store';

let storage: Map<string, string>;
let keys: Keys;

beforeEach(() => {
  storage = new Map();
  keys = new Keys({
    get: (name) => Promise.resolve(storage.get(name)),
    store: (name, value) => Promise.resolve(void storage.set(name, value)),
    delete: (name) => Promise.resolve(void storage.delete(name)),
  });
});

describe('keys', () => {
  it('are kept, handed out and removed', async () => {
    await keys.set('OPENAI_API_KEY', 'sk-1');
    await keys.set('ANTHROPIC_API_KEY', 'sk-2');
    await keys.set('OPENAI_API_KEY', 'sk-3');
    expect(await keys.variables()).toEqual(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY']);
    expect(await keys.environment()).toEqual({ ANTHROPIC_API_KEY: 'sk-2', OPENAI_API_KEY: 'sk-3' });
    await keys.remove('OPENAI_API_KEY');
    expect(await keys.environment()).toEqual({ ANTHROPIC_API_KEY: 'sk-2' });
    expect([...storage.values()].join()).not.toContain('sk-3');
  });

  it('are none at first, and where the list of them is broken', async () => {
    expect(await keys.environment()).toEqual({});
    storage.set('tandem.keys', '{not json');
    expect(await keys.environment()).toEqual({});
    storage.set('tandem.keys', '["PATH", 7, "OK_KEY"]');
    storage.set('tandem.key.PATH', '/evil');
    storage.set('tandem.key.OK_KEY', 'k');
    expect(await keys.environment()).toEqual({ OK_KEY: 'k' });
  });
});

describe('variables', () => {
  it('are those that the server reads', () => {
    expect(sources(undefined).find((source) => source.provider === 'gemini')?.variable).toBe('GEMINI_API_KEY');
    expect(PROVIDERS).toHaveLength(8);
  });

  it('of the user’s own providers come first', () => {
    expect(sources({ work: { keyEnv: 'WORK_KEY' }, home: {}, odd: { keyEnv: 'PATH' }, worse: 7 })[0]).toEqual({
      provider: 'work',
      variable: 'WORK_KEY',
    });
    expect(sources({ odd: { keyEnv: 'LD_PRELOAD' } })).toEqual(sources(undefined));
  });

  it('with keys are left out where nobody trusts the folder, and nothing else is', () => {
    const around = {
      PATH: '/bin',
      OPENAI_API_KEY: 'sk-1',
      Anthropic_Api_Key: 'sk-2',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_REGION: 'eu-central-1',
      WORK_KEY: 'w',
      KEPT_KEY: 'k',
    };
    const left = withoutKeys(around, { work: { keyEnv: 'WORK_KEY' } }, ['KEPT_KEY']);
    expect(left).toEqual({ PATH: '/bin', AWS_REGION: 'eu-central-1' });
  });

  it('that steer programs hold no keys', () => {
    for (const name of ['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'HTTPS_PROXY', 'TANDEM_CONFIG', 'HOME', 'a b', '1KEY', '', 'KEY=x'])
      expect(isVariable(name), name).toBe(false);
    for (const name of ['WORK_API_KEY', '_k', 'AWS_BEARER_TOKEN_BEDROCK']) expect(isVariable(name), name).toBe(true);
  });
});
