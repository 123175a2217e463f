// The user's keys, in the editor's secret storage, which the system's keyring protects. They leave it for the environment of the
// server's process and nothing else: no setting, no log, no argument.

import type { SecretStorage } from 'vscode';
import { isVariable } from './providers';

const PREFIX = 'tandem.key.';
/** Which variables have a key, since not every version of the storage can list its entries. Names alone, no key. */
const INDEX = 'tandem.keys';

export class Keys {
  constructor(private readonly secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>) {}

  async variables(): Promise<string[]> {
    try {
      const names: unknown = JSON.parse((await this.secrets.get(INDEX)) ?? '[]');
      return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string' && isVariable(name)) : [];
    } catch {
      return [];
    }
  }

  async set(variable: string, key: string): Promise<void> {
    await this.secrets.store(PREFIX + variable, key);
    const names = new Set([...(await this.variables()), variable]);
    await this.secrets.store(INDEX, JSON.stringify([...names].sort()));
  }

  async remove(variable: string): Promise<void> {
    await this.secrets.delete(PREFIX + variable);
    await this.secrets.store(INDEX, JSON.stringify((await this.variables()).filter((name) => name !== variable)));
  }

  /** For the environment of the server's process. */
  async environment(): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (const variable of await this.variables()) {
      const key = await this.secrets.get(PREFIX + variable);
      if (key !== undefined && key !== '') all[variable] = key;
    }
    return all;
  }
}
