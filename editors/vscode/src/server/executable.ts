// Whether a program was built for this system, by its first bytes. The system itself does not always say: what it does not know as a
// program it may hand to a shell, and that fails with a riddle.

/** Bytes that are looked at. */
export const HEADER_BYTES = 20;

const ELF_MACHINES: Record<number, string> = { 0x3e: 'x64', 0xb7: 'arm64', 0x03: 'ia32', 0x28: 'arm' };
const MACH_O = [0xfeedface, 0xfeedfacf, 0xcafebabe, 0xcefaedfe, 0xcffaedfe];

/** What is wrong with it, or undefined where nothing is known to be. Scripts are fine. */
export function foreign(header: Uint8Array, platform: string, architecture: string): string | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.byteLength < HEADER_BYTES) return undefined;
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) {
    if (platform !== 'linux' && platform !== 'freebsd') return 'it was built for Linux';
    const machine = ELF_MACHINES[view.getUint16(18, header[5] === 1)];
    return machine === undefined || machine === architecture
      ? undefined
      : `it was built for ${machine} processors, and this one is ${architecture}`;
  }
  if (MACH_O.includes(magic)) return platform === 'darwin' ? undefined : 'it was built for macOS';
  if (view.getUint16(0) === 0x4d5a) return platform === 'win32' ? undefined : 'it was built for Windows';
  return undefined;
}
