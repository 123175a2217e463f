// Which programs are a Tandem to talk to.

import { expect, it } from 'vitest';
import { judge } from '../../src/server/version';

it('a Tandem of the same minor version is the right one', () => {
  expect(judge('tandem 0.1.0\n', '0.1.0')).toEqual({ version: '0.1.0' });
  expect(judge('tandem 0.1.9\n', '0.1.0')).toEqual({ version: '0.1.9' });
  expect(judge('tandem 0.1.2-rc.1+git.abc\n', '0.1.0')).toEqual({ version: '0.1.2' });
});

it('another minor version may speak differently', () => {
  expect(judge('tandem 0.2.0\n', '0.1.0')).toEqual({ problem: 'wrongVersion', version: '0.2.0', wanted: '0.1' });
  expect(judge('tandem 1.1.0\n', '0.1.0')).toEqual({ problem: 'wrongVersion', version: '1.1.0', wanted: '0.1' });
});

it('what does not say that it is Tandem is not', () => {
  for (const output of ['', 'git version 2.39.0', 'tandem', 'a tandem 0.1.0 of ours', 'tandem 0.1']) {
    expect(judge(output, '0.1.0'), output).toEqual({ problem: 'notTandem' });
  }
});
