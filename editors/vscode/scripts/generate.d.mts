// What the generating script offers, for the test that checks it.
/** Names of files, from this folder, and what each should hold. */
export function generated(): Record<string, string>;
