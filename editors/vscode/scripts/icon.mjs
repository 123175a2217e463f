// Draws media/icon.png: two wheels and one cursor. Run by hand when the drawing changes; the file is committed.

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

const SIZE = 128;
const SAMPLES = 4;
const GROUND = [29, 39, 51];
const WHEEL = [122, 190, 255];
const CURSOR = [255, 203, 107];

const ring = (x, y, cx, cy, radius, width) => Math.abs(Math.hypot(x - cx, y - cy) - radius) <= width / 2;
const bar = (x, y, left, top, right, bottom) => x >= left && x <= right && y >= top && y <= bottom;

/** The colour at a point, or null outside of the rounded square. */
function colour(x, y) {
  const inset = 26;
  const dx = Math.max(inset - x, x - (SIZE - inset), 0);
  const dy = Math.max(inset - y, y - (SIZE - inset), 0);
  if (Math.hypot(dx, dy) > inset) return null;
  if (bar(x, y, 60, 26, 68, 102) || bar(x, y, 50, 22, 78, 29) || bar(x, y, 50, 99, 78, 106)) return CURSOR;
  if (ring(x, y, 33, 76, 17, 8) || ring(x, y, 95, 76, 17, 8)) return WHEEL;
  return GROUND;
}

const rows = Buffer.alloc((SIZE * 4 + 1) * SIZE);
for (let y = 0; y < SIZE; y++) {
  for (let x = 0; x < SIZE; x++) {
    const sum = [0, 0, 0];
    let covered = 0;
    for (let s = 0; s < SAMPLES * SAMPLES; s++) {
      const found = colour(x + ((s % SAMPLES) + 0.5) / SAMPLES, y + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES);
      if (found === null) continue;
      covered++;
      found.forEach((value, channel) => (sum[channel] += value));
    }
    const at = y * (SIZE * 4 + 1) + 1 + x * 4;
    sum.forEach((value, channel) => (rows[at + channel] = covered === 0 ? 0 : Math.round(value / covered)));
    rows[at + 3] = Math.round((covered * 255) / (SAMPLES * SAMPLES));
  }
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
// 8 bits a channel, red, green, blue and alpha.
header.set([8, 6, 0, 0, 0], 8);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'media', 'icon.png');
writeFileSync(
  file,
  Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]),
);
