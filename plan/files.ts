/** Reads text files of a plan's folder. Whatever lies there, a file is read within bounds or refused with a sentence. */
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Read, or refused: `line` is where to look, from 1. */
export type TextFile = { readonly text: string } | { readonly refused: string; readonly line: number };

/** UTF-8 text of a file of at most `bytesMax` bytes. */
export async function readTextFile(file: string, bytesMax: number): Promise<TextFile> {
  let handle: FileHandle;
  try {
    // A pipe that nobody writes into would hold the open for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { refused: whyNotOpened((error as NodeJS.ErrnoException).code), line: 1 };
  }
  try {
    const facts = await handle.stat();
    if (facts.isDirectory()) return { refused: 'It is a folder. Give the folder another name, or remove it.', line: 1 };
    if (!facts.isFile()) return { refused: 'It is no regular file. Put a file with the text there, or remove it.', line: 1 };
    return textOf(await upTo(handle, bytesMax + 1), bytesMax);
  } catch (error) {
    return { refused: `It cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}). Look at its disk, or put it back.`, line: 1 };
  } finally {
    await handle.close();
  }
}

function whyNotOpened(code: string | undefined): string {
  if (code === 'ENOENT') return 'It is not there, or is a link that leads nowhere. Put a file there, or take out what names it.';
  if (code === 'ELOOP') return 'The link leads back to itself. Put a file in its place, or remove it.';
  if (code === 'EACCES' || code === 'EPERM') return 'This user may not read it. Give this user the right to, or remove it.';
  return `It cannot be read (${code ?? 'unknown'}). Put a file with the text there, or remove it.`;
}

async function upTo(handle: FileHandle, bytesMax: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function textOf(bytes: Buffer, bytesMax: number): TextFile {
  if (bytes.length > bytesMax) return { refused: `It is larger than ${bytesMax} bytes. Take out what is not part of the plan, or divide it.`, line: 1 };
  if (!isUtf8(bytes)) {
    // A line feed is never part of another character, so lines can be told apart before they are text.
    const line = linesOf(bytes).findIndex((part) => !isUtf8(part)) + 1;
    return { refused: 'The line is not UTF-8. Save the file as UTF-8.', line: Math.max(1, line) };
  }
  return { text: bytes.toString('utf8').replace(/^\uFEFF/, '') };
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start <= bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end < 0 ? bytes.length : end;
    lines.push(bytes.subarray(start, stop));
    start = stop + 1;
  }
  return lines;
}
