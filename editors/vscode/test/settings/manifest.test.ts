// The manifest against the server's lists and against the code: what is declared is there, and what is there is declared.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generated } from '../../scripts/generate.mjs';
import { keys, LEFT_OUT, schema } from '../../scripts/settings.mjs';

const here = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { scope: string; default?: unknown; markdownDescription: string }> }[];
    keybindings: { command: string; key: string; when: string }[];
    menus: Record<string, { command: string; when: string }[]>;
    walkthroughs: { steps: { description: string; media: { svg?: string; markdown?: string; altText?: string } }[] }[];
  };
  capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
  activationEvents: string[];
};
const declared = Object.assign({}, ...manifest.contributes.configuration.map((part) => part.properties)) as Record<
  string,
  { scope: string; markdownDescription: string }
>;
const all = keys();

describe('settings', () => {
  it('are those of the server, as npm run generate would write them', () => {
    for (const [name, text] of Object.entries(generated())) {
      expect(readFileSync(join(here, name), 'utf8') === text, `${name}: npm run generate`).toBe(true);
    }
  });

  it('have every key of the server, or say why not', () => {
    const names = all.map((key) => key.path);
    expect(names.length).toBeGreaterThan(60);
    for (const path of names) {
      const name = path.startsWith('cloud.providers.') ? 'tandem.cloud.providers' : `tandem.${path}`;
      expect(name in declared || path in LEFT_OUT, path).toBe(true);
    }
    for (const path of Object.keys(LEFT_OUT)) expect(names, 'left out and not there').toContain(path);
  });

  it('that widen, or that no folder may set, are the user’s alone', () => {
    for (const key of all.filter((key) => (key.isGuarded || key.workspace === 'no') && !key.path.includes('*'))) {
      expect(declared[`tandem.${key.path}`]?.scope, key.path).toBe('machine');
    }
    for (const name of [
      'tandem.path',
      'tandem.trace.server',
      'tandem.engine.model',
      'tandem.cloud.providers',
      'tandem.cloud.provider',
      'tandem.cloud.caFile',
      'tandem.budget.limits',
      'tandem.ask.route',
    ]) {
      expect(declared[name]?.scope, name).toBe('machine');
    }
  });

  it('of a folder do not count until it is trusted', () => {
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    expect(supported).toBe('limited');
    expect([...restrictedConfigurations].sort()).toEqual(Object.keys(declared).sort());
  });

  it('say what they do', () => {
    for (const [name, { markdownDescription }] of Object.entries(declared)) expect(markdownDescription.length, name).toBeGreaterThan(10);
    expect(JSON.stringify(declared)).not.toMatch(/\]\((?!https:)/);
  });

  it('of a new kind are an error and not a guess', () => {
    expect(() => schema({ path: 'a.b', takes: 'a colour' })).toThrow('a.b takes a colour');
  });
});

describe('commands', () => {
  const sources = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? sources(join(folder, entry.name)) : [readFileSync(join(folder, entry.name), 'utf8')],
    );
  const listed = manifest.contributes.commands.map(({ command }) => command);
  const table = /const commands: Record[^]*?\n {2}};/.exec(readFileSync(join(here, 'src', 'commands.ts'), 'utf8'))?.[0] ?? '';
  const made = [...table.matchAll(/^ {4}(\w+)[:,]/gm)].map((match) => `tandem.ui.${String(match[1])}`);

  it('that are declared are made, and the other way round', () => {
    expect(made.sort()).toEqual([...listed].sort());
  });

  it('that are named anywhere are there', () => {
    const texts = [...sources(join(here, 'src')), readFileSync(join(here, 'package.json'), 'utf8')].join('\n');
    for (const [name] of texts.matchAll(/\btandem\.ui\.\w+/g)) expect(listed, name).toContain(name);
  });

  it('have keys that count only where they make sense', () => {
    for (const binding of manifest.contributes.keybindings) expect(binding.when, binding.key).toBeTruthy();
  });

  it('leave Escape to the search in the view, and then cancel one question', () => {
    const escape = manifest.contributes.keybindings.find(({ key }) => key === 'escape');
    expect(escape?.command).toBe('tandem.ui.cancelOne');
    expect(escape?.when).toContain('!webviewFindWidgetFocused && !webviewFindWidgetVisible');
  });

  it('explain files alone, also those of a remote window', () => {
    const entry = manifest.contributes.menus['editor/context']?.find(({ command }) => command === 'tandem.ui.explain');
    const pattern = /resourceScheme =~ \/(.*)\/$/.exec(entry?.when ?? '')?.[1] ?? 'none';
    const schemes = ['file', 'untitled', 'vscode-remote', 'git', 'output', 'tandem-view', 'vscode-notebook-cell', 'profile'];
    expect(schemes.filter((scheme) => new RegExp(pattern).test(scheme))).toEqual(['file', 'untitled', 'vscode-remote']);
  });

  it('of the server are not declared: its client registers them', () => {
    expect(listed.filter((name) => !name.startsWith('tandem.ui.'))).toEqual([]);
  });
});

describe('the first steps', () => {
  it('have small pictures of their own, with words for who does not see them', () => {
    for (const { media } of manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps)) {
      const file = media.svg ?? media.markdown ?? '';
      expect(existsSync(join(here, file)), file).toBe(true);
      const text = readFileSync(join(here, file), 'utf8');
      expect(text.length).toBeLessThan(4_000);
      expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|style=/);
      if (media.svg !== undefined) expect(media.altText).toBeTruthy();
    }
  });
});

it('it starts with the editor and not before', () => {
  expect(manifest.activationEvents).toEqual(['onStartupFinished']);
});
