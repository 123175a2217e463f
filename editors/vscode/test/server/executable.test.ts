// Programs of other systems, by their first bytes.

import { expect, it } from 'vitest';
import { foreign } from '../../src/server/executable';

function elf(machine: number, littleEndian = true): Uint8Array {
  const header = new Uint8Array(20);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, littleEndian ? 1 : 2]);
  new DataView(header.buffer).setUint16(18, machine, littleEndian);
  return header;
}
const starting = (...bytes: number[]): Uint8Array => Uint8Array.from({ length: 20 }, (_, at) => bytes[at] ?? 0);

it('a program of this system is fine', () => {
  expect(foreign(elf(0x3e), 'linux', 'x64')).toBeUndefined();
  expect(foreign(elf(0xb7), 'linux', 'arm64')).toBeUndefined();
  expect(foreign(starting(0xcf, 0xfa, 0xed, 0xfe), 'darwin', 'arm64')).toBeUndefined();
  expect(foreign(starting(0x4d, 0x5a), 'win32', 'x64')).toBeUndefined();
});

it('a script, and what nobody knows, may be tried', () => {
  expect(foreign(starting(0x23, 0x21), 'linux', 'x64')).toBeUndefined();
  expect(foreign(elf(0xf3), 'linux', 'riscv64')).toBeUndefined();
  expect(foreign(new Uint8Array(3), 'linux', 'x64')).toBeUndefined();
});

it('a program of another system is told from it', () => {
  expect(foreign(elf(0xb7), 'linux', 'x64')).toBe('it was built for arm64 processors, and this one is x64');
  expect(foreign(elf(0x3e), 'darwin', 'x64')).toBe('it was built for Linux');
  expect(foreign(starting(0xca, 0xfe, 0xba, 0xbe), 'linux', 'x64')).toBe('it was built for macOS');
  expect(foreign(starting(0x4d, 0x5a), 'linux', 'x64')).toBe('it was built for Windows');
});
