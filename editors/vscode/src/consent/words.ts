// What a question of consent says: what would be sent, where to, how much of it and for how much money. Pure.

import { bytes, grouped } from '../answers/words';
import type { ConsentRequest } from '../protocol';

/** A dialog that is taller than the screen hides its buttons. `Show` has all of them. */
const MOST_FILES = 15;

export const ONCE = 'This time';
export const ALWAYS = 'Always for this workspace';
export const SHOW = 'Show';

export function title(request: ConsentRequest): string {
  const total = request.files.reduce((sum, file) => sum + file.bytes, 0);
  const files = request.files.length === 1 ? '1 file' : `${request.files.length} files`;
  const what = request.files.length === 0 ? 'the question' : `${bytes(total)} of ${files}`;
  return `Send ${what} to ${request.model} at ${request.host}?`;
}

export function detail(request: ConsentRequest): string {
  const { cost, inputTokens: input } = request;
  const price = cost.least === cost.most ? cost.most : `${cost.least} to ${cost.most}`;
  const tokens = input.least === input.most ? grouped(input.most) : `${grouped(input.least)} to ${grouped(input.most)}`;
  const lines = [
    `Question: ${request.title}`,
    `Where to: ${request.provider}, ${request.isLocal ? 'a server of your own' : 'it leaves this machine'}`,
    ...(request.terms === undefined ? [] : [`Terms: ${request.terms}`]),
    `Cost: ${price}`,
    `Size: ${tokens} tokens, and at most ${grouped(request.maxOutputTokens)} for the answer`,
    ...(request.lowered === undefined ? [] : [`Limit: ${request.lowered}`]),
  ];
  if (request.left !== undefined) lines.push(`Budget: ${request.left}`);
  const secrets = request.redactions.reduce((sum, redacted) => sum + redacted.count, 0);
  if (secrets > 0) {
    const kinds = request.redactions.map(({ kind, count }) => (count > 1 ? `${kind} (${count})` : kind));
    lines.push(`Redacted: ${kinds.join(', ')}`);
  }
  if (request.why !== undefined) lines.push(`You are asked because ${request.why.replace(/\.$/, '')}.`);
  lines.push('', request.files.length === 0 ? 'No files.' : 'Files:');
  for (const file of request.files.slice(0, MOST_FILES)) {
    const where = file.lines === undefined ? '' : `, lines ${file.lines}`;
    lines.push(`• ${file.path} (${bytes(file.bytes)}${where}${file.isInternal === true ? ', internal' : ''})`);
  }
  if (request.files.length > MOST_FILES) lines.push(`• and ${request.files.length - MOST_FILES} more: ${SHOW} has all of it`);
  return lines.join('\n');
}

/** The first one has the focus. Someone who types on when the dialog comes must not have said yes by it. */
export function buttons(request: ConsentRequest): string[] {
  return request.mayRemember ? [SHOW, ONCE, ALWAYS] : [SHOW, ONCE];
}
