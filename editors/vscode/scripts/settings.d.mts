// What the generating script offers, for the test that checks it.
export interface Row {
  path: string;
  takes: string;
  fallback: string;
  workspace: string;
  about: string;
  isGuarded: boolean;
}
export const ROOT: string;
export const LEFT_OUT: Record<string, string>;
export function keys(root?: string): Row[];
export function schema(key: Pick<Row, 'path' | 'takes'>): Record<string, unknown>;
