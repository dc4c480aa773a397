/** Route 53 in the lab: the emulator's process, the health checker and the proxy, started and reset as one. */
import { connect } from 'node:net';
import type { Route53Client } from '@aws-sdk/client-route-53';
import { startChild, until, type Child } from '../child.ts';
import type { Control, LabContext, ResettableComponent } from '../component.ts';
import { countBody } from '../control-body.ts';
import type { WorldOptions } from '../world-options.ts';
import { HealthChecker } from './checker.ts';
import { createEstate, emulatorClient, healthChecks, initialRecords, type Route53Ids } from './estate.ts';
import { Route53Proxy } from './proxy.ts';
import { propagationMs, Zone } from './zone.ts';

export type { Route53Ids } from './estate.ts';

const emulatorReadyMs = 20_000;

export interface Route53 {
  readonly component: ResettableComponent;
  readonly zone: Zone;
  readonly control: Readonly<Record<string, Control>>;
  ids(): Route53Ids;
  setControlPlane(available: boolean): void;
}

export function createRoute53(context: LabContext, options: Pick<WorldOptions, 'publicHost' | 'motoServer' | 'ttlSeconds'>): Route53 {
  const { addresses } = context;
  const checker = new HealthChecker((line) => context.log(line));
  const zone = new Zone(options.publicHost, (id) => checker.isHealthy(id));
  let started: { moto: Child; client: Route53Client; ids: Route53Ids } | undefined;
  const ids = () => {
    if (!started) throw new Error('Route 53 has not started yet, so its ids are not known. Start the lab first.');
    return started.ids;
  };
  const proxy = new Route53Proxy({
    listen: addresses.route53,
    emulator: addresses.moto,
    checkerAddress: addresses.source('checkers'),
    zone,
    checker,
    hostedZoneId: () => ids().hostedZoneId,
    healthChecksChanged: async () => checker.define(await healthChecks((started as NonNullable<typeof started>).client)),
  });

  const loadRecords = ({ switchHealthCheckId }: Route53Ids) =>
    zone.load(initialRecords(addresses, options.publicHost, options.ttlSeconds, switchHealthCheckId));
  const calm = () => {
    proxy.setAvailable(true);
    proxy.throttledCalls = 0;
    proxy.failingCalls = 0;
    zone.propagationMs = propagationMs;
    proxy.lostReplies = 0;
    proxy.mutatingCalls.length = 0;
    checker.reset();
  };

  const component: ResettableComponent = {
    name: 'route53',
    async start() {
      const moto = await startMoto(context, options.motoServer);
      const client = emulatorClient(addresses.moto);
      const created = await createEstate(client, addresses, options.publicHost);
      loadRecords(created);
      checker.define(await healthChecks(client));
      started = { moto, client, ids: created };
      await proxy.listen();
      checker.start();
    },
    async check() {
      return started?.moto.running() ? null : "The AWS emulator (moto) has ended; its log is logs/moto.log in the lab's directory.";
    },
    async stop() {
      checker.stop();
      await proxy.close();
      started?.client.destroy();
      await started?.moto.stop();
      started = undefined;
      zone.load([]);
    },
    async reset() {
      calm();
      if (started) loadRecords(started.ids);
    },
  };
  return { component, zone, control: controls(proxy, checker, zone, ids), ids, setControlPlane: (available) => proxy.setAvailable(available) };
}

async function startMoto(context: LabContext, motoServer: string): Promise<Child> {
  const { host, port } = context.addresses.moto;
  const moto = await startChild(context, 'moto', { command: motoServer, args: ['-H', host, '-p', String(port)], cwd: context.directory });
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  const failure = () => `The AWS emulator did not listen on ${host}:${port} within ${emulatorReadyMs / 1000} s. Look in logs/moto.log of the lab's directory.`;
  try {
    await until(
      async () => {
        if (!moto.running()) throw new Error(failure());
        return answers();
      },
      emulatorReadyMs,
      failure,
    );
  } catch (error) {
    await moto.stop();
    throw error;
  }
  return moto;
}

function controls(proxy: Route53Proxy, checker: HealthChecker, zone: Zone, ids: () => Route53Ids): Record<string, Control> {
  return {
    /** Gives ids, records as accepted and as served, health, and every mutating call since the start or the last reset. */
    'route53/state': async () => ({
      ids: ids(),
      available: proxy.available,
      accepted: zone.accepted(),
      served: zone.recordSets(),
      health: Object.fromEntries([...checker.ids()].map((id) => [id, { healthy: checker.isHealthy(id), observation: checker.observation(id)?.text ?? null }])),
      mutatingCalls: proxy.mutatingCalls,
    }),
    /** `{ "available": boolean }` */
    'route53/control-plane': async (body) => {
      const { available } = (body ?? {}) as { available?: unknown };
      if (typeof available !== 'boolean') throw new Error('Send {"available": true} or {"available": false}; nothing was changed.');
      proxy.setAvailable(available);
      return { available };
    },
    /** `{ "count": n, "status"?: 429 }`: so many of the next calls are refused with Throttling, under the status 400 when none is given. */
    'route53/throttle': async (body) => {
      const { status = 400 } = (body ?? {}) as { status?: unknown };
      if (status !== 400 && status !== 429) throw new Error('Send {"count": N, "status": 400 or 429}; nothing was changed.');
      const throttledCalls = (proxy.throttledCalls = countBody(body));
      proxy.throttledStatus = status;
      return { throttledCalls, status };
    },
    /** `{ "count": n }`: so many of the next calls are answered 500. */
    'route53/fail': async (body) => ({ failingCalls: (proxy.failingCalls = countBody(body)) }),
    /** `{ "seconds": n }`: how long the next changes stay PENDING. */
    'route53/propagation': async (body) => {
      const { seconds } = (body ?? {}) as { seconds?: unknown };
      if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 3_600))
        throw new Error('Send {"seconds": N} with N from 0 to 3600; nothing was changed.');
      zone.propagationMs = seconds * 1000;
      return { seconds };
    },
    /** `{ "count": n }`: so many of the next accepted changes are applied without a reply. */
    'route53/lose-replies': async (body) => ({ lostReplies: (proxy.lostReplies = countBody(body)) }),
  };
}
