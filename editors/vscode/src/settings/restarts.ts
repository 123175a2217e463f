// Which changed settings the server hears of only when it starts.

import { SERVER_KEYS } from './section';

/** Names of settings, with `tandem.`. */
export const NEED_RESTART: readonly string[] = [
  ...new Set([
    'tandem.path',
    ...SERVER_KEYS.filter((key) => key.channel === 'start').map((key) => `tandem.${key.path.replace(/\.\*.*/, '')}`),
  ]),
];
