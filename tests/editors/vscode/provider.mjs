// The provider's double: plays a cloud model on this machine under its real name. TLS for that name, a certificate that the
// user trusts, and a proxy that leads there, so that everything happens as with a model that has to be paid.

import fs from 'node:fs';
import { spawn } from 'node:child_process';

import * as check from './check.mjs';
import * as scratch from './scratch.mjs';

const program = process.env.EDITOR_TEST_DOUBLE;
export const isHere = Boolean(program) && fs.existsSync(program);

export class Provider {
  /** Starts one that answers with `text`, a piece every `pace` milliseconds. */
  static async start(name, text, pace = 40) {
    const self = new Provider();
    const folder = `${scratch.directory}/${name}-provider`;
    const file = scratch.write(`${folder}/answer.md`, text);
    self.record = `${folder}/record`;
    const words = ['anthropic', '--key', 'sk-test', '--text', file, '--pace', String(pace), '--tls', folder, '--record', self.record];
    self.process = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    self.process.on('exit', () => (self.ended = true));
    let output = '';
    self.process.stdout.on('data', (data) => (output += data));
    await check.wait('the provider', () => output.split('\n').length > 3 || self.ended);
    check.truthy(!self.ended, 'the provider has ended');
    /** Variables for whoever asks it. */
    self.variables = Object.fromEntries([...output.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, variable, value]) => [variable, value]));
    return self;
  }

  /** Settings of a user who has this provider, a key for it and a limit. */
  settings(limits = '$20 per month') {
    return {
      ...this.variables,
      TANDEM_ENGINE_CHOICE: 'lookup',
      ANTHROPIC_API_KEY: 'sk-test',
      TANDEM_CLOUD_PROVIDER: 'anthropic',
      TANDEM_CLOUD_MODEL: 'claude-sonnet-5-5',
      TANDEM_BUDGET_LIMITS: limits,
      TANDEM_ASK_ROUTE: 'cloud',
    };
  }

  /** Ends it and returns every byte that it was sent. */
  async stop() {
    this.process.stdin.end();
    await check.wait('the provider to end', () => this.ended);
    return fs.readFileSync(this.record, 'utf8');
  }
}
