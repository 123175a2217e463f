// What of VS Code's settings reaches the server, by which way, and what does not.

import { describe, expect, it } from 'vitest';
import { NEED_RESTART } from '../../src/settings/restarts';
import { type Inspected, section } from '../../src/settings/section';
import { start, variable } from '../../src/settings/start';
import { userFile } from '../../src/settings/userFile';

const inspecting =
  (values: Record<string, Inspected>) =>
  (name: string): Inspected | undefined =>
    ({ defaultValue: 'never sent', ...values[name] }) as Inspected;

describe('the section', () => {
  it('holds what somebody set, and no default', () => {
    expect(section(inspecting({}), true)).toEqual({});
    expect(
      section(
        inspecting({
          'completion.maxLines': { globalValue: 3 },
          'engine.gpuLayers': { globalValue: 0 },
          'index.enabled': { globalValue: false },
        }),
        true,
      ),
    ).toEqual({
      'completion.maxLines': 3,
      'engine.gpuLayers': 0,
      'index.enabled': false,
    });
  });

  it('takes the folder before the user, where a folder may say something', () => {
    expect(section(inspecting({ 'completion.maxLines': { globalValue: 3, workspaceValue: 2, workspaceFolderValue: 1 } }), true)).toEqual({
      'completion.maxLines': 1,
    });
  });

  it('never takes from a folder what is the user’s alone', () => {
    const folder = { workspaceValue: 'evil', workspaceFolderValue: 'evil' };
    const theirs = Object.fromEntries(
      ['engine.model', 'log.filter', 'ask.route', 'cloud.consent', 'budget.limits', 'privacy.secrets', 'cloud.provider'].map((name) => [
        name,
        folder,
      ]),
    );
    expect(section(inspecting(theirs), true)).toEqual({});
    expect(start(inspecting({ ...theirs, 'cloud.providers': folder }))).toEqual({ environment: {}, arguments: [], problems: [] });
  });

  it('keeps a folder that is not trusted local, whatever it says', () => {
    expect(
      section(inspecting({ 'completion.maxLines': { globalValue: 3, workspaceValue: 200 }, 'ask.route': { globalValue: 'cloud' } }), false),
    ).toEqual({
      'completion.maxLines': 3,
      'cloud.enabled': false,
      'ask.route': 'local',
    });
  });

  it('leaves out what is empty', () => {
    expect(section(inspecting({ 'engine.model': { globalValue: '' }, 'engine.gpuLayers': { globalValue: null } }), true)).toEqual({});
  });
});

describe('a start', () => {
  it('hands over what widens, as variables', () => {
    const told = start(
      inspecting({
        'cloud.provider': { globalValue: 'anthropic' },
        'cloud.model': { globalValue: 'claude-opus-5-5' },
        'privacy.auditDays': { globalValue: 90 },
        'budget.ledger': { globalValue: 'postgres://u:p@db/x' },
      }),
    );
    expect(told).toEqual({
      environment: {
        TANDEM_CLOUD_PROVIDER: 'anthropic',
        TANDEM_CLOUD_MODEL: 'claude-opus-5-5',
        TANDEM_PRIVACY_AUDIT_DAYS: '90',
        TANDEM_BUDGET_LEDGER: 'postgres://u:p@db/x',
      },
      arguments: [],
      problems: [],
    });
  });

  it('names providers on the command line, which has names for them', () => {
    const providers = { work: { kind: 'azure', baseUrl: 'https://x.example', keyCommand: ['pass', 'show x'], isLocal: false, region: '' } };
    expect(start(inspecting({ 'cloud.providers': { globalValue: providers } })).arguments).toEqual([
      '--set',
      'cloud.providers.work.kind=azure',
      '--set',
      'cloud.providers.work.baseUrl=https://x.example',
      '--set',
      'cloud.providers.work.keyCommand=pass,show x',
      '--set',
      'cloud.providers.work.isLocal=false',
    ]);
  });

  it('says what it cannot hand over', () => {
    const providers = { 'a b': { kind: 'azure' }, work: { keyCommand: ['echo', 'a,b'], apiKey: 'sk-secret', kind: { x: 1 } }, odd: 7 };
    const told = start(inspecting({ 'cloud.providers': { globalValue: providers } }));
    expect(told.arguments).toEqual([]);
    expect(told.problems).toHaveLength(5);
    expect(told.problems.join()).not.toContain('sk-secret');
  });

  it('is needed again when one of these changes', () => {
    expect(NEED_RESTART).toEqual(
      expect.arrayContaining(['tandem.path', 'tandem.cloud.provider', 'tandem.cloud.providers', 'tandem.budget.ledger']),
    );
    expect(NEED_RESTART).not.toContain('tandem.completion.eagerness');
  });

  it('spells variables as the server does', () => {
    expect(variable('completion.maxLines')).toBe('TANDEM_COMPLETION_MAX_LINES');
    expect(variable('cloud.caFile')).toBe('TANDEM_CLOUD_CA_FILE');
  });
});

describe('the user’s file', () => {
  it('is where the server looks for it', () => {
    expect(userFile({}, 'linux', '/people/ann')).toBe('/people/ann/.config/tandem/config.toml');
    expect(userFile({ XDG_CONFIG_HOME: '/x' }, 'linux', '/people/ann')).toBe('/x/tandem/config.toml');
    expect(userFile({ XDG_CONFIG_HOME: 'relative' }, 'linux', '/people/ann')).toBe('/people/ann/.config/tandem/config.toml');
    expect(userFile({}, 'darwin', '/people/ann')).toBe('/people/ann/Library/Application Support/tandem/config.toml');
    expect(userFile({ TANDEM_CONFIG: '~/t.toml' }, 'linux', '/people/ann')).toBe('/people/ann/t.toml');
  });
});
