// What the installing script offers, for the test that checks it.
interface Lock {
  packages?: Record<string, object>;
}
export const INSTALLED: number;
export const WRONG: number;
export const UNREACHABLE: number;
export function mismatch(manifest: object, lock: Lock | undefined): string | undefined;
export function agrees(lock: Lock, note: Lock | undefined): boolean;
export function verdict(output: string): number;
export function install(folder: string, npm: string[]): { code: number; said: string };
