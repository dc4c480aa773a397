/** The network switch with real sockets: what each direction's state does to old and new connections. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LabAddresses, ports } from '../../lab/addresses.ts';
import { createNetworkSwitch, listeners, type NetworkSwitch } from '../../lab/network/switch.ts';
import { select } from '../../lab/network/state.ts';

// An index that no lab is given.
const addresses = new LabAddresses(251);
let network: NetworkSwitch;
let server: Server;
let accepted: Socket[] = [];
let sources: (string | undefined)[] = [];
const opened: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  sources = [];
  network = createNetworkSwitch({ name: 'test', directory: '', repository: '', addresses, log: () => {} });
  await network.start();
  server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    sources.push(socket.remoteAddress);
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(ports.redis, addresses.real('us-east-1'), () => resolve()));
});

afterEach(async () => {
  for (const socket of [...opened.splice(0), ...accepted]) socket.destroy();
  await network.stop();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

/** A client that keeps what it got and how it ended. */
function client(viewer: 'orchestrator' | 'eu-central-1' = 'orchestrator') {
  const socket = connect({ host: addresses.seen('us-east-1', viewer), port: ports.redis, allowHalfOpen: true });
  opened.push(socket);
  const seen = { text: '', ended: false, failure: '' };
  socket.on('data', (data) => (seen.text += data.toString()));
  socket.on('end', () => (seen.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (seen.failure = error.code ?? error.message));
  return { socket, seen };
}

const soon = (probe: () => boolean) => expect.poll(probe, { timeout: 3_000, interval: 5 }).toBe(true);
/** Long enough for anything that is delivered on loopback to have arrived. */
const quiet = async (probe: () => boolean) => {
  const deadline = Date.now() + 150;
  while (Date.now() < deadline) {
    expect(probe()).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const cut = (mode: 'hole' | 'reset', only: 'orchestrator' | 'eu-central-1' = 'orchestrator') =>
  network.state.change(select({ site: 'us-east-1', only: [only] }), { mode });
const heal = () => network.state.change(select({ site: 'us-east-1' }), { mode: 'open', delayMs: 0 });

test('every viewer sees every port of every other site at an address of its own, and nothing listens off loopback', () => {
  const all = listeners({ addresses });
  expect(new Set(all.map(({ host, port }) => `${host}:${port}`)).size).toBe(all.length);
  expect(all.every(({ host, route }) => host.startsWith('127.251.') && route.target.host.startsWith('127.251.'))).toBe(true);
  expect(all.length).toBe(4 * 6 * Object.keys(ports).length + 5);
});

test('an open link carries both directions and shows the viewer as the source', async () => {
  const { socket, seen } = client('eu-central-1');
  socket.write('hello');
  await soon(() => seen.text === 'hello');
  expect(sources).toEqual([addresses.source('eu-central-1')]);
  socket.end();
  await soon(() => seen.ended);
});

test('a hole swallows what is sent on an old connection, and heals into the same connection', async () => {
  const { socket, seen } = client();
  socket.write('one');
  await soon(() => seen.text === 'one');
  cut('hole');
  socket.write('two');
  await quiet(() => seen.text === 'one' && seen.failure === '');
  heal();
  await soon(() => seen.text === 'onetwo');
});

test('a hole takes a new connection and never lets it reach the server, until it heals', async () => {
  cut('hole');
  const { socket, seen } = client();
  socket.write('hello');
  await quiet(() => accepted.length === 0 && seen.failure === '');
  heal();
  await soon(() => seen.text === 'hello');
});

test('a reset breaks old connections and refuses new ones', async () => {
  const old = client();
  old.socket.write('one');
  await soon(() => old.seen.text === 'one');
  cut('reset');
  await soon(() => old.seen.failure === 'ECONNRESET');
  const fresh = client();
  await soon(() => fresh.seen.failure === 'ECONNRESET');
  expect(accepted.length).toBe(1);
});

test('a cut names its viewers: others are served as before', async () => {
  cut('hole', 'eu-central-1');
  const { socket, seen } = client('orchestrator');
  socket.write('hello');
  await soon(() => seen.text === 'hello');
});

test('a cut of one direction lets requests through and keeps the answers', async () => {
  const { socket, seen } = client();
  socket.write('one');
  await soon(() => seen.text === 'one');
  const received: string[] = [];
  accepted[0]?.on('data', (data) => received.push(data.toString()));
  network.state.change(select({ site: 'us-east-1', to: 'orchestrator' }), { mode: 'hole' });
  socket.write('two');
  await soon(() => received.join('') === 'two');
  await quiet(() => seen.text === 'one');
});

test('a side that went away during a hole is learnt by the other when it heals', async () => {
  const { socket, seen } = client();
  socket.write('one');
  await soon(() => seen.text === 'one');
  cut('hole');
  accepted[0]?.resetAndDestroy();
  await quiet(() => seen.failure === '');
  heal();
  await soon(() => seen.failure === 'ECONNRESET');
});

test('a slow link delays each direction and keeps the order', async () => {
  network.state.change(select({ site: 'us-east-1', only: ['orchestrator'] }), { delayMs: 40 });
  const { socket, seen } = client();
  const startedAt = performance.now();
  for (const word of ['a', 'b', 'c']) socket.write(word);
  await soon(() => seen.text === 'abc');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
});

test('a dead server behind an open link refuses', async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  await closed;
  const { seen } = client();
  await soon(() => seen.failure === 'ECONNRESET');
  await new Promise<void>((resolve) => server.listen(ports.redis, addresses.real('us-east-1'), () => resolve()));
});

test('a megabyte comes through whole, both ways, also over a slow link', async () => {
  network.state.change(select({ site: 'us-east-1', only: ['orchestrator'] }), { delayMs: 5 });
  const { socket, seen } = client();
  const text = 'x'.repeat(1024 * 1024);
  socket.write(text);
  await soon(() => seen.text.length === text.length);
});

test('a start that finds one address in use names it and leaves no address taken', async () => {
  await network.stop();
  const [first, other] = [listeners({ addresses })[0], listeners({ addresses })[3]];
  if (!first || !other) throw new Error('The switch has no listeners.');
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(other.port, other.host, resolve));
  await expect(network.start()).rejects.toThrow(`The address ${other.host}:${other.port} is in use`);
  await new Promise<void>((resolve, reject) => {
    const next = createServer();
    next.once('error', reject);
    next.listen(first.port, first.host, () => next.close(() => resolve()));
  });
  await new Promise((resolve) => holder.close(resolve));
  await network.start();
});
