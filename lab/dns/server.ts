/** A DNS server over UDP and TCP around one function that answers. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import packet, { type DecodedPacket } from 'dns-packet';
import { nothing, responseTo, udpBytesMax, type DnsAnswer } from './message.ts';

const tcpIdleMs = 5_000;

export interface DnsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Says in answers that it asks others for its clients. */
  readonly recursive: boolean;
  /** Answers the first question of a query. A rejection becomes SERVFAIL. */
  answer(name: string, type: string): Promise<DnsAnswer> | DnsAnswer;
}

export class DnsServer {
  /** True: takes questions and answers none. */
  silent = false;
  readonly #options: DnsServerOptions;
  readonly #sockets = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  get listening(): boolean {
    return this.#udp !== undefined && (this.#tcp?.listening ?? false);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    const udp = createSocket('udp4');
    udp.on('message', (message, from) => {
      void this.#respond(message, true).then((response) => response && this.#udp?.send(response, from.port, from.address, () => {}));
    });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, host, resolve);
    });
    udp.on('error', () => {});
    this.#udp = udp;
    const tcp = createServer((socket) => this.#converse(socket));
    await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(port, host, resolve));
    this.#tcp = tcp;
  }

  async close(): Promise<void> {
    const udp = this.#udp;
    const tcp = this.#tcp;
    this.#udp = undefined;
    this.#tcp = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => (udp ? udp.close(() => resolve()) : resolve())),
      new Promise<void>((resolve) => (tcp ? tcp.close(() => resolve()) : resolve())),
    ]);
  }

  #converse(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    let held = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      held = Buffer.concat([held, part]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const message = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + message.length);
        void this.#respond(message, false).then((response) => {
          if (!response) return socket.destroy();
          const length = Buffer.alloc(2);
          length.writeUInt16BE(response.length);
          socket.write(Buffer.concat([length, response]));
        });
      }
    });
  }

  /** The response on the wire; null for what is no query. */
  async #respond(message: Buffer, byUdp: boolean): Promise<Buffer | null> {
    let query: DecodedPacket;
    try {
      query = packet.decode(message);
    } catch {
      return null;
    }
    if (query.type !== 'query' || this.silent) return null;
    const response = responseTo(query, await this.#answer(query), this.#options.recursive);
    const encoded = packet.encode(response);
    if (!byUdp || encoded.length <= udpBytesMax(query)) return encoded;
    return packet.encode({ ...response, flags: (response.flags ?? 0) | packet.TRUNCATED_RESPONSE, answers: [], authorities: [] });
  }

  async #answer(query: DecodedPacket): Promise<DnsAnswer> {
    const question = query.questions?.[0];
    const opcode = ((query.flags ?? 0) >> 11) & 0xf;
    if (opcode !== 0) return nothing('NOTIMP');
    if (!question || query.questions?.length !== 1) return nothing('FORMERR');
    if ((question.class ?? 'IN') !== 'IN') return nothing('REFUSED');
    try {
      return await this.#options.answer(question.name.toLowerCase(), question.type);
    } catch {
      return nothing('SERVFAIL');
    }
  }
}
