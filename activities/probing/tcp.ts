/** Looks at things that speak TCP, without signing in. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../plan/schema.ts';

/**
 * Sends a line and resolves once any byte, or an orderly end, comes back: a black hole in between may accept a connection and be silent.
 */
export async function reachBeyondTcp(endpoint: Endpoint, timeoutMilliseconds: number): Promise<void> {
  const socket = await open(endpoint, timeoutMilliseconds);
  socket.write('HEAD / HTTP/1.0\r\n\r\n');
  await firstBytes(socket, timeoutMilliseconds, true);
}

/** The first line that a server sends by itself, such as `SSH-2.0-OpenSSH_9.2`. */
export async function readBanner(endpoint: Endpoint, timeoutMilliseconds: number): Promise<string> {
  const socket = await open(endpoint, timeoutMilliseconds);
  const text = await firstBytes(socket, timeoutMilliseconds, false);
  return text.split(/\r?\n/)[0] ?? '';
}

function open({ host, port }: Endpoint, timeoutMilliseconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMilliseconds} ms`)), timeoutMilliseconds);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function firstBytes(socket: Socket, timeoutMilliseconds: number, endCounts: boolean): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`connected, and no byte came within ${timeoutMilliseconds} ms`)), timeoutMilliseconds);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    socket.once('data', (data: Buffer) => settle(() => resolve(data.toString('latin1'))));
    socket.once('end', () => settle(() => (endCounts ? resolve('') : reject(new Error('connected, and the other side hung up at once')))));
    socket.once('error', (error) => settle(() => reject(error)));
  }).finally(() => {
    socket.on('error', () => {}); // what comes after the answer is of no interest
    socket.destroy();
  });
}
