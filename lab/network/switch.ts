/** The network switch of the lab: every connection between sites, orchestrator, customers and checkers passes through it. */
import { createServer, type Server } from 'node:net';
import { labSites, ports, viewers, type LabSite, type Viewer } from '../addresses.ts';
import type { LabContext, ResettableComponent } from '../component.ts';
import { Connection, type Route } from './connection.ts';
import { NetworkState } from './state.ts';

export interface NetworkSwitch extends ResettableComponent {
  readonly state: NetworkState;
  /** Connections that are open now. */
  count(): number;
}

interface Listener {
  readonly host: string;
  readonly port: number;
  readonly route: Route;
}

const allViewers: readonly Viewer[] = [...labSites, ...(Object.keys(viewers) as (keyof typeof viewers)[])];

/** Each port of each site for each viewer, and the reference target for those who must know whether they are blind. */
export function listeners({ addresses }: Pick<LabContext, 'addresses'>): Listener[] {
  const toSites = labSites.flatMap((site) =>
    allViewers
      .filter((viewer) => viewer !== site)
      .flatMap((viewer) =>
        Object.values(ports).map((port) => ({
          host: addresses.seen(site, viewer),
          port,
          route: { viewer, server: site, target: { host: addresses.real(site), port }, localAddress: addresses.source(viewer) } satisfies Route,
        })),
      ),
  );
  const observers: readonly (LabSite | 'orchestrator')[] = [...labSites, 'orchestrator'];
  const toReference = observers.map((viewer) => ({
    ...addresses.reference(viewer),
    route: { viewer, server: 'internet', target: addresses.reference('real'), localAddress: addresses.source(viewer) } satisfies Route,
  }));
  return [...toSites, ...toReference];
}

export function createNetworkSwitch(context: LabContext): NetworkSwitch {
  const state = new NetworkState();
  const connections = new Set<Connection>();
  let servers: Server[] = [];
  state.onChange(() => {
    for (const connection of [...connections]) connection.refresh();
  });
  const closeAll = () => {
    for (const connection of [...connections]) connection.destroy();
  };

  return {
    name: 'network',
    state,
    count: () => connections.size,
    async start() {
      const opening = [echo(context.addresses.reference('real')), ...listeners(context).map((listener) => listen(listener, state, connections))];
      const opened = await Promise.allSettled(opening);
      servers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const failed = opened.find((one) => one.status === 'rejected');
      if (!failed) return;
      await this.stop();
      throw failed.reason;
    },
    check: async () => (servers.length > 0 && servers.every((server) => server.listening) ? null : 'The network switch does not listen.'),
    async reset() {
      state.healAll();
      closeAll();
    },
    async stop() {
      // Nothing listens any more when `close` returns; its callback would wait for sockets that are being destroyed.
      for (const server of servers) server.close();
      servers = [];
      closeAll();
    },
  };
}

function listen({ host, port, route }: Listener, state: NetworkState, connections: Set<Connection>): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection: Connection = new Connection(socket, route, state, () => queueMicrotask(() => connections.delete(connection)));
    if (!socket.destroyed) connections.add(connection);
  });
  return bound(server, host, port);
}

/** The internet's stand-in: gives back what it gets. */
function echo({ host, port }: { readonly host: string; readonly port: number }): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
    socket.unref();
  });
  return bound(server, host, port);
}

function bound(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Error(
          error.code === 'EADDRINUSE'
            ? `The address ${host}:${port} is in use, so the lab cannot start here. Nothing was changed. End the other lab with dr-lab down, or choose another --lab.`
            : `The lab cannot listen at ${host}:${port}: ${error.message}. Nothing was changed.`,
        ),
      ),
    );
    server.listen(port, host, 511, () => resolve(server));
  });
}
