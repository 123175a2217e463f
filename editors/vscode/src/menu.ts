// What the menu of the status bar offers, by what holds now. Pure; `commands/menu.ts` shows it.

import type { Status } from './protocol';
import type { State } from './server/lifecycle';
import { eagerness } from './status/words';

export interface Entry {
  command: string;
  label: string;
  /** What holds now, beside the label. */
  now?: string;
}

export function entries(state: State, status: Status | undefined, isTrusted: boolean): (Entry | 'line')[] {
  const tail: (Entry | 'line')[] = [
    { command: 'tandem.ui.log', label: '$(output) Show log' },
    { command: 'tandem.ui.restart', label: '$(debug-restart) Restart' },
    { command: 'tandem.ui.settings', label: '$(gear) Open settings' },
    { command: 'tandem.ui.walkthrough', label: '$(question) Get started' },
  ];
  if (state.name !== 'running') return [{ command: 'tandem.ui.choosePath', label: '$(file-binary) Choose the tandem program…' }, ...tail];
  const pause: Entry =
    status?.paused === true
      ? { command: 'tandem.ui.resume', label: '$(debug-start) Resume suggestions', now: 'paused' }
      : { command: 'tandem.ui.pause', label: '$(debug-pause) Pause suggestions…' };
  const cloud: Entry[] = isTrusted
    ? [
        { command: 'tandem.ui.provider', label: '$(cloud) Choose cloud model…', now: cloudNow(status) },
        { command: 'tandem.ui.setKey', label: '$(key) Set API key…' },
        { command: 'tandem.ui.setLimit', label: '$(credit-card) Set spending limit…' },
      ]
    : [{ command: 'workbench.trust.manage', label: '$(shield) Trust this workspace…', now: 'until then nothing leaves this machine' }];
  return [
    pause,
    {
      command: 'tandem.ui.eagerness',
      label: '$(dashboard) Choose eagerness…',
      ...(status?.eagerness === undefined ? {} : { now: eagerness(status.eagerness) }),
    },
    {
      command: 'tandem.ui.model',
      label: '$(chip) Choose local model…',
      now: status?.model ?? (status?.engine === 'lookup' ? 'none, lookup alone' : ''),
    },
    { command: 'tandem.ui.why', label: '$(lightbulb) Why this suggestion, or none?' },
    'line',
    { command: 'tandem.ui.ask', label: '$(comment-discussion) Ask…' },
    { command: 'tandem.ui.showAnswers', label: '$(comment) Show answers' },
    {
      command: 'tandem.ui.budget',
      label: '$(graph) Show budget',
      now: status?.today?.cost === undefined ? '' : `${status.today.cost} today`,
    },
    { command: 'tandem.ui.audit', label: '$(law) Show what left this machine' },
    { command: 'tandem.ui.trust', label: '$(verified) Trust this folder with questions…' },
    ...cloud,
    'line',
    ...tail,
  ];
}

function cloudNow(status: Status | undefined): string {
  const cloud = status?.cloud;
  if (cloud === undefined) return '';
  return cloud.isOff === undefined ? [cloud.provider, cloud.model].filter(Boolean).join(', ') : 'off';
}
