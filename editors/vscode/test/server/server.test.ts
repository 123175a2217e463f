// The server as the extension sees it, while there is none.

import { expect, it } from 'vitest';
import { Server } from '../../src/server/server';

const nothing = (): never => {
  throw new Error('not needed here');
};

it('what is asked of a server that does not run is refused, and not thrown past who waits for it', async () => {
  const handlers = { answer: nothing, consent: nothing, gone: nothing };
  const context = { extension: { packageJSON: { version: '0.1.0' } }, extensionPath: '/x' };
  const keys = { environment: nothing, variables: nothing };
  const server = new Server(context as never, {} as never, handlers, keys, nothing, nothing);
  const asked = server.execute('tandem.ask', { question: 'why?' });
  await expect(asked).rejects.toThrow('Tandem is not running.');
  await expect(server.request('tandem/budget')).rejects.toThrow('Tandem is not running.');
});
