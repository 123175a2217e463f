// What the server is told with its start: settings that are the user's alone and widen what may be done. The server takes
// those from the environment and its command line, and not from an editor's section, which a folder could fill as well. VS Code keeps
// folders out of them by their scope, so here they may be handed over.

import { type Inspect, SERVER_KEYS, valueOf } from './section';

/** What is added to the server's environment and arguments, and what could not be handed over, a sentence each. */
export interface Start {
  environment: Record<string, string>;
  arguments: string[];
  problems: string[];
}

/** `cloud.caFile` is `TANDEM_CLOUD_CA_FILE`. */
export function variable(path: string): string {
  return `TANDEM_${path.replace(/\./g, '_').replace(/[A-Z]/g, (upper) => `_${upper}`)}`.toUpperCase();
}

const NAME = /^[A-Za-z0-9_-]+$/;

/** A value as people write it in a variable: lists with commas. Undefined where it cannot be written so. */
function written(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes(','))) return value.join(',');
  return undefined;
}

export function start(inspect: Inspect): Start {
  const made: Start = { environment: {}, arguments: [], problems: [] };
  for (const key of SERVER_KEYS) {
    if (key.channel !== 'start' || key.path.includes('*')) continue;
    const value = valueOf(key, inspect, false);
    const text = written(value);
    if (text !== undefined) made.environment[variable(key.path)] = text;
  }
  addProviders(inspect('cloud.providers')?.globalValue, made);
  return made;
}

/** Keys of names have no variable. What stands on the command line can be seen by other users; none of it is a secret. */
function addProviders(providers: unknown, made: Start): void {
  if (!isRecord(providers)) return;
  const fields = new Set(SERVER_KEYS.filter((key) => key.path.startsWith('cloud.providers.*.')).map((key) => key.path.slice(18)));
  for (const [name, provider] of Object.entries(providers)) {
    if (!NAME.test(name) || !isRecord(provider)) {
      made.problems.push(
        `tandem.cloud.providers: “${name}” is left out: a name has letters, digits, - and _, and its settings are an object.`,
      );
      continue;
    }
    for (const [field, value] of Object.entries(provider)) {
      if (value === null || value === '') continue;
      const text = fields.has(field) ? written(value) : undefined;
      if (text === undefined) {
        made.problems.push(`tandem.cloud.providers.${name}.${field} is left out: write it into config.toml, where every value fits.`);
      } else {
        made.arguments.push('--set', `cloud.providers.${name}.${field}=${text}`);
      }
    }
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
