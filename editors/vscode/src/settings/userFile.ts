// Where the user's config.toml is, as the server looks for it.

import { isAbsolute, join } from 'node:path';

export function userFile(environment: Record<string, string | undefined>, platform: string, home: string): string {
  const named = environment['TANDEM_CONFIG'];
  if (named !== undefined && named !== '') return named.startsWith('~/') ? join(home, named.slice(2)) : named;
  const directory = (variable: string): string | undefined => {
    const value = environment[variable];
    return value !== undefined && isAbsolute(value) ? value : undefined;
  };
  const usual =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : platform === 'win32'
        ? directory('APPDATA')
        : join(home, '.config');
  return join(directory('XDG_CONFIG_HOME') ?? usual ?? join(home, '.config'), 'tandem', 'config.toml');
}
