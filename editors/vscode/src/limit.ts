// Whether a text is a limit, as far as can be said before the server reads it. Pure.

const AMOUNT = String.raw`(?:\$\s?[\d_.]+|[\d_.]+\s?(?:\$|USD)|[\d_.]+\s?[kM]?\s+tokens)`;
const LIMIT = new RegExp(String.raw`^${AMOUNT}\s*(?:per|/)\s*(request|session|hour|day|month)(?:\s+for\s+\S.*)?$`, 'i');

/** What is wrong with it, or undefined. */
export function limitProblem(text: string): string | undefined {
  return LIMIT.test(text.trim()) ? undefined : 'For example: $20 per month, $1 per day for workspace, 200k tokens per request';
}
