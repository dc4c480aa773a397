/** One connection through the network switch, from a viewer to a server. */
import { connect, type Socket } from 'node:net';
import { Half } from './half.ts';
import type { NetworkState, Party } from './state.ts';

/** Bytes of a request that is kept while its connection cannot be made. */
const waitingBytesMax = 64 * 1024;

export interface Route {
  readonly viewer: Party;
  readonly server: Party;
  readonly target: { readonly host: string; readonly port: number };
  /** Source address that the server sees. */
  readonly localAddress: string;
}

export class Connection {
  readonly #downstream: Socket;
  readonly #route: Route;
  readonly #network: NetworkState;
  readonly #closed: () => void;
  #upstream: Socket | undefined;
  #halves: Half[] = [];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lost = false;

  /** `downstream` is paused and has delivered nothing yet. `closed` is called once, at the end. */
  constructor(downstream: Socket, route: Route, network: NetworkState, closed: () => void) {
    this.#downstream = downstream;
    this.#route = route;
    this.#network = network;
    this.#closed = closed;
    this.#watch(downstream);
    this.refresh();
  }

  /** Applies the state of the network. */
  refresh(): void {
    const modes = [this.#request().mode, this.#answer().mode];
    if (modes.includes('reset')) return this.destroy();
    // A hole swallows the news that one side has gone; the other learns it when the link heals.
    if (this.#lost && !modes.includes('hole')) return this.destroy();
    if (this.#upstream) for (const half of this.#halves) half.refresh();
    else if (modes.includes('hole')) this.#hold();
    else this.#connect();
  }

  /** Breaks both sides with a reset. */
  destroy(): void {
    for (const half of this.#halves) half.stop();
    for (const socket of [this.#downstream, this.#upstream]) {
      if (socket && !socket.destroyed) socket.resetAndDestroy();
    }
    this.#closed();
  }

  #request = () => this.#network.of(this.#route.viewer, this.#route.server);
  #answer = () => this.#network.of(this.#route.server, this.#route.viewer);

  /** No packet comes back, so no connection exists for the server; the viewer only knows that nothing answers. */
  #hold(): void {
    if (this.#downstream.listenerCount('data') > 0) return;
    this.#downstream.on('data', (chunk: Buffer) => {
      if (this.#upstream || this.#waitingBytes > waitingBytesMax) return;
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
    });
    this.#downstream.on('end', () => !this.#upstream && this.destroy());
    this.#downstream.resume();
  }

  #connect(): void {
    const { target, localAddress } = this.#route;
    this.#downstream.pause();
    this.#downstream.removeAllListeners('data');
    const upstream = connect({ ...target, localAddress, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    this.#watch(upstream);
    upstream.once('connect', () => {
      if (this.#downstream.destroyed) return this.destroy();
      for (const chunk of this.#waiting) upstream.write(chunk);
      this.#waiting = [];
      this.#halves = [new Half(this.#downstream, upstream, this.#request), new Half(upstream, this.#downstream, this.#answer)];
    });
  }

  #watch(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('close', (hadError) => this.#sideClosed(hadError));
  }

  #sideClosed(hadError: boolean): void {
    const both = this.#downstream.destroyed && (!this.#upstream || this.#upstream.destroyed);
    if (both) {
      for (const half of this.#halves) half.stop();
      return this.#closed();
    }
    const inHole = this.#upstream !== undefined && [this.#request().mode, this.#answer().mode].includes('hole');
    if (inHole) this.#lost = true;
    // An orderly close travels through the halves; only a broken or never made connection breaks the other side.
    else if (hadError || this.#halves.length === 0) this.destroy();
  }
}
