/** Archives as tar has them, byte by byte: also those that no honest tool makes. */
import { gzipSync } from 'node:zlib';

/** The kinds of a member, as tar writes them. */
export const kinds = { file: '0', hardLink: '1', link: '2', characterDevice: '3', blockDevice: '4', folder: '5', fifo: '6' } as const;

export interface Member {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly kind?: keyof typeof kinds;
  /** Permission bits; 0o644 unless told. */
  readonly mode?: number;
  readonly to?: string;
  /** What the header says, where that is not how long `content` is. */
  readonly size?: number;
}

const block = 512;

function header({ name, content = '', kind = 'file', mode = kind === 'folder' ? 0o755 : 0o644, to = '', size = Buffer.byteLength(content) }: Member): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) => bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  bytes.write(name, 0, 100);
  octal(mode, 100, 8);
  // Of an account that is nobody's at the host.
  octal(4321, 108, 8);
  octal(4321, 116, 8);
  octal(size, 124, 12);
  octal(1_770_000_000, 136, 12);
  bytes.write(kinds[kind], 156);
  bytes.write(to, 157, 100);
  bytes.write('ustar\x0000', 257, 'latin1');
  return sealed(bytes);
}

/** With the sum of its bytes in the header that begins at `at`, after something in it was changed. */
export function sealed(bytes: Buffer, at = 0): Buffer {
  bytes.fill(' ', at + 148, at + 156);
  const sum = bytes.subarray(at, at + block).reduce((all, byte) => all + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  return bytes;
}

/** Says that its first member has so many bytes, in the form for what octal digits cannot hold. */
export function withSize(bytes: Buffer, size: bigint): Buffer {
  bytes.fill(0, 124, 136).writeUInt8(0x80, 124);
  bytes.writeBigUInt64BE(size, 128);
  return sealed(bytes);
}

/** An archive of these members, whole and with its end. */
export function tar(...members: readonly Member[]): Buffer {
  const parts = members.flatMap((member) => {
    const content = Buffer.from(member.content ?? '');
    return [header(member), content, Buffer.alloc((block - (content.length % block)) % block)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

export function tarGz(...members: readonly Member[]): Buffer {
  return gzipSync(tar(...members), { level: 1 });
}
