// What somebody really set, for the server. VS Code mixes its own defaults into every section; sent along, they would stand above
// the user's config.toml. So each key is looked up by who set it, and what nobody set is not sent.

import serverKeys from './serverKeys.json';

export interface ServerKey {
  /** As the server names it, with dots. A `*` stands for a name that the user chooses. */
  path: string;
  /** `machine`: the user alone. `window`: a folder, too. */
  scope: string;
  /** `section`: whenever the server asks. `start`: with the process, because it has to count as the user's own word. */
  channel: string;
}

/** Who set a value: the part of VS Code's `inspect` that is needed here. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

export type Inspect = (name: string) => Inspected | undefined;

export const SERVER_KEYS: readonly ServerKey[] = serverKeys;

/** The value of a key, or undefined where nobody set one. A folder that is not trusted, or a key that is the user's alone, has no say. */
export function valueOf(key: ServerKey, inspect: Inspect, isTrusted: boolean): unknown {
  const found = inspect(key.path);
  if (found === undefined) return undefined;
  const fromFolder = key.scope !== 'machine' && isTrusted ? (found.workspaceFolderValue ?? found.workspaceValue) : undefined;
  const value = fromFolder ?? found.globalValue;
  return value === null || value === '' ? undefined : value;
}

/** The answer to `workspace/configuration` for the section `tandem`: keys with dots, as the server takes them. */
export function section(inspect: Inspect, isTrusted: boolean): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of SERVER_KEYS) {
    if (key.channel !== 'section' || key.path.includes('*')) continue;
    const value = valueOf(key, inspect, isTrusted);
    if (value !== undefined) values[key.path] = value;
  }
  // Beside what `initialize` says of it: a settings' word that every server understands.
  if (!isTrusted) Object.assign(values, { 'cloud.enabled': false, 'ask.route': 'local' });
  return values;
}
