/** Heap pages of PostgreSQL, as far as losing a row needs them: line pointers and the marks that let readers skip the page. */

export const pageBytes = 8192;
const headerBytes = 24;
const lowerOffset = 12;
const upperOffset = 14;
const flagsOffset = 10;
const allVisible = 0x0004;
const linePointerBytes = 4;
const normal = 1;
const dead = 3;

/** A page to which nothing will be added any more: the next change of it would bring its lost rows back from the log. */
export function isFull(page: Buffer): boolean {
  return page.readUInt16LE(lowerOffset) > headerBytes && page.readUInt16LE(upperOffset) - page.readUInt16LE(lowerOffset) < 100;
}

/** Marks up to `rows` rows of the page as gone; gives how many. */
export function loseRows(page: Buffer, rows: number): number {
  let lost = 0;
  for (let offset = headerBytes; offset < page.readUInt16LE(lowerOffset) && lost < rows; offset += linePointerBytes) {
    const pointer = page.readUInt32LE(offset);
    if (((pointer >>> 15) & 3) !== normal) continue;
    page.writeUInt32LE((dead << 15) >>> 0, offset);
    lost++;
  }
  if (lost > 0) page.writeUInt16LE(page.readUInt16LE(flagsOffset) & ~allVisible, flagsOffset);
  return lost;
}

/** Clears a block's bits in the visibility map, so that a count over the index looks at the page itself. */
export function clearVisibility(map: Buffer, block: number): void {
  const blocksInPage = (pageBytes - headerBytes) * 4;
  const offset = Math.floor(block / blocksInPage) * pageBytes + headerBytes + Math.floor((block % blocksInPage) / 4);
  if (offset < map.length) map.writeUInt8(map.readUInt8(offset) & ~(3 << ((block % 4) * 2)), offset);
}
