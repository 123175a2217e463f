/** Names of files, from this folder, and what each should hold. */
export function generated(): Record<string, string>;
