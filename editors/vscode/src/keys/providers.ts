// Which variable holds whose key: docs/providers.md as a table. Pure.

import { isRecord } from '../settings/start';

export interface KeySource {
  /** As the user knows it: a kind of provider, or a name from `tandem.cloud.providers`. */
  provider: string;
  /** The environment variable that the server reads. */
  variable: string;
}

const USUAL: readonly KeySource[] = [
  { provider: 'anthropic', variable: 'ANTHROPIC_API_KEY' },
  { provider: 'openai', variable: 'OPENAI_API_KEY' },
  { provider: 'gemini', variable: 'GEMINI_API_KEY' },
  { provider: 'bedrock', variable: 'AWS_BEARER_TOKEN_BEDROCK' },
  { provider: 'azure', variable: 'AZURE_OPENAI_API_KEY' },
  { provider: 'openrouter', variable: 'OPENROUTER_API_KEY' },
  { provider: 'mistral', variable: 'MISTRAL_API_KEY' },
  { provider: 'deepseek', variable: 'DEEPSEEK_API_KEY' },
];

export const PROVIDERS: readonly string[] = USUAL.map((source) => source.provider);

/** The usual ones, and those that the user's own providers name by `keyEnv`. */
export function sources(providers: unknown): KeySource[] {
  const own = isRecord(providers)
    ? Object.entries(providers).flatMap(([provider, settings]) => {
        const variable = isRecord(settings) ? settings['keyEnv'] : undefined;
        return typeof variable === 'string' && isVariable(variable) ? [{ provider, variable }] : [];
      })
    : [];
  return [...own, ...USUAL];
}

/** What Bedrock takes where it has no key of its own. */
const AWS: readonly string[] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** An environment without the variables that are known to hold a key; `kept`: those that the user keeps one for here. */
export function withoutKeys(environment: NodeJS.ProcessEnv, providers: unknown, kept: readonly string[]): NodeJS.ProcessEnv {
  // Windows does not tell upper from lower case in these names.
  const known = new Set([...sources(providers).map((source) => source.variable), ...AWS, ...kept].map((name) => name.toUpperCase()));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !known.has(name.toUpperCase())));
}

/** Variables that steer programs: a key in one of them would break the server. */
const NOT_FOR_KEYS = /^(PATH|HOME|USER|SHELL|TMPDIR|TEMP|TMP|CI|LANG|LC_\w+|XDG_\w+|LD_\w+|DYLD_\w+|NODE_\w+|TANDEM_\w+|\w*PROXY)$/i;

export function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !NOT_FOR_KEYS.test(name);
}
