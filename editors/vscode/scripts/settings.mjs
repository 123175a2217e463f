// The settings of the server as VS Code's settings: read from the server's own lists, so that the two cannot differ.
// docs/configuration.md (itself generated from src/config/keys.rs) says what there is, src/config/keys what is guarded.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Keys of the server that VS Code's settings do not have, and why. */
export const LEFT_OUT = {};

const ORDER = ['completion', 'engine', 'models', 'index', 'ask', 'cloud', 'budget', 'privacy', 'stats', 'log'];
const TITLES = {
  completion: 'Suggestions',
  engine: 'Local model',
  models: 'Models',
  index: 'Index',
  ask: 'Questions',
  cloud: 'Cloud model',
  budget: 'Budget',
  privacy: 'Privacy',
  stats: 'Statistics',
  log: 'Log',
};
/** Where the keys stand. */
const SOURCES = ['keys.rs', 'keys/cloud.rs', 'keys/engine.rs'];
const DOCUMENTS = 'https://github.com/tandem-ls/tandem/blob/main/docs/';

/** Rows of the table: `{ path, takes, fallback, workspace, about, isGuarded }`. */
export function keys(root = ROOT) {
  const table = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');
  const guarded = new Set(
    SOURCES.flatMap((file) => [...readFileSync(join(root, 'src', 'config', file), 'utf8').matchAll(/guarded\(\s*"([^"]+)"/g)]).map(
      (match) => match[1],
    ),
  );
  const rows = [...table.matchAll(/^\| `([a-z][A-Za-z.*]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+) \|$/gm)];
  const found = rows.map(([, path, takes, fallback, workspace, about]) => ({
    path,
    takes,
    fallback,
    workspace,
    about,
    isGuarded: guarded.has(path),
  }));
  if (found.length === 0) throw new Error('docs/configuration.md has no table of settings');
  for (const path of guarded) {
    if (!found.some((key) => key.path === path)) throw new Error(`docs/configuration.md does not have ${path}`);
  }
  return found;
}

const plain = (text) => JSON.parse(text.replace(/^`(.*)`$/, '$1'));
const words = (takes) => [...takes.matchAll(/`"([^"]+)"`/g)].map((match) => match[1]);

/** The JSON schema of what a key takes. Throws for a kind that is not known here: then this script has to learn it. */
export function schema({ path, takes }) {
  const range = /(\d+) – (\d+)/.exec(takes);
  const choices = words(takes);
  if (takes === '`true`, `false`') return { type: 'boolean' };
  if (['text', 'path', 'path or name'].includes(takes)) return { type: 'string' };
  if (takes === 'list of texts' || takes === 'list of patterns') return { type: 'array', items: { type: 'string' } };
  if (range && choices.length > 0) {
    const number = { type: 'integer', minimum: Number(range[1]), maximum: Number(range[2]) };
    return { anyOf: [{ type: 'string', enum: choices }, number] };
  }
  if (range) return { type: 'integer', minimum: Number(range[1]), maximum: Number(range[2]) };
  if (choices.length > 0) return { type: 'string', enum: choices };
  throw new Error(`${path} takes ${takes}, which this script does not know`);
}

/** How a setting reaches the server: with its start, or whenever it asks for its section. */
const channel = (key) => (key.isGuarded && key.workspace === 'no' ? 'start' : 'section');

/** A folder must not set what the server's own folder file may not, nor what widens when it comes from an editor. */
const scope = (key) => (key.isGuarded || key.workspace === 'no' ? 'machine' : 'window');

const linked = (about) => about.replace(/\]\(([a-z-]+\.md[^)]*)\)/g, `](${DOCUMENTS}$1)`);

function description(key) {
  const about = linked(key.about);
  if (!key.isGuarded) return about;
  if (channel(key) === 'start') return `${about}\n\nYours alone: no folder can set it. A change restarts Tandem.`;
  return `${about}\n\nHere it can only tighten. What allows more belongs into your own file: **Tandem: Open config.toml**.`;
}

function declare(key, order) {
  const type = schema(key);
  const isOpen = key.fallback === '–';
  const optional =
    isOpen && type.type ? { ...type, type: [type.type, 'null'], ...(type.enum ? { enum: [...type.enum, null] } : {}) } : type;
  return {
    ...optional,
    default: isOpen ? null : plain(key.fallback),
    scope: scope(key),
    order,
    markdownDescription: description(key),
  };
}

/** What the extension itself has to know: `{ path, scope, channel }`, and the kind where a text is made of the value. */
export function serverKeys(root = ROOT) {
  return keys(root)
    .filter((key) => !(key.path in LEFT_OUT))
    .map((key) => ({ path: key.path, scope: scope(key), channel: channel(key) }));
}

function providers(all) {
  const fields = all.filter((key) => key.path.startsWith('cloud.providers.*.'));
  const properties = Object.fromEntries(
    fields.map((key) => [key.path.slice('cloud.providers.*.'.length), { ...schema(key), markdownDescription: linked(key.about) }]),
  );
  return {
    type: 'object',
    default: {},
    scope: 'machine',
    order: fields.length,
    additionalProperties: { type: 'object', properties, additionalProperties: false },
    markdownDescription:
      'Providers with names of your own, for `#tandem.cloud.provider#`: gateways, proxies, servers of yours. Keys do not belong here; ' +
      '`keyEnv` names the variable, and **Tandem: Set API Key…** keeps what it should hold.\n\nYours alone: no folder can set it. ' +
      'A change restarts Tandem.',
  };
}

const OWN = {
  'tandem.path': {
    type: 'string',
    default: '',
    scope: 'machine',
    order: 0,
    markdownDescription:
      'The `tandem` program. Empty: the one that comes with the extension, else the first one on `PATH`. `~/` is your home directory. A change restarts Tandem.',
  },
  'tandem.trace.server': {
    type: 'string',
    enum: ['off', 'messages', 'verbose'],
    default: 'off',
    scope: 'machine',
    order: 1,
    markdownDescription:
      'Write the messages between VS Code and Tandem to the log, which shows them at the level *Trace*: **Developer: Set Log Level…**. ' +
      'They hold your source text.',
  },
};

/** `contributes.configuration` of package.json. */
export function configuration(root = ROOT) {
  const all = keys(root).filter((key) => !(key.path in LEFT_OUT));
  const groups = [...new Set(all.map((key) => key.path.split('.')[0]))];
  groups.sort((one, other) => (ORDER.indexOf(one) + 1 || 99) - (ORDER.indexOf(other) + 1 || 99));
  const sections = groups.map((group) => {
    const members = all.filter((key) => key.path.startsWith(`${group}.`) && !key.path.includes('*'));
    const properties = Object.fromEntries(members.map((key, order) => [`tandem.${key.path}`, declare(key, order)]));
    if (group === 'cloud') properties['tandem.cloud.providers'] = providers(all);
    return { title: TITLES[group] ?? group, properties };
  });
  return [{ title: 'Tandem', properties: OWN }, ...sections];
}

/** What counts only when it comes from the user, as long as the folder is not trusted. */
export function restricted(root = ROOT) {
  return configuration(root).flatMap((section) => Object.keys(section.properties));
}
