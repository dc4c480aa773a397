/** A real Patroni over two sites of an estate: as people have it who first had servers, and then let it manage them. Its leader is kept in a real etcd. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { zooPaths } from '../../lab/setup/paths.ts';
import { pgBin, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';

/** The sites that it manages. */
export const members = ['east', 'west'] as const;
const restPort = 8008;
/** Patroni looks for itself first, and asks a server that it starts anew each second. */
const startsWithinMs = 60_000;

/** Hands the servers of `east` and `west` over to Patroni, which leaves `east` the leader; `north` goes on following it by itself. Gives the function that ends Patroni at both. */
export async function handToPatroni(estate: TestEstate): Promise<() => Promise<void>> {
  const ends: (() => Promise<void>)[] = [];
  for (const site of members) await estate.stopPostgres(site);
  const etcd = await startEtcd(estate);
  for (const [at, site] of members.entries()) {
    const file = estate.path(site, 'patroni.yml');
    writeFileSync(file, stringify(settings(estate, site, etcd)), { mode: 0o600 });
    estate.owned(file);
    ends.push(estate.background(zooPaths().patroni, [file]));
    await eventually(`Patroni runs ${site}`, async () => (await states(estate)).length === at + 1, startsWithinMs);
  }
  await eventually('north follows the leader', () => estate.standbysOf('east').split('\n').length === 2, startsWithinMs);
  return async () => void (await Promise.all(ends.map((end) => end())));
}

/** Tells Patroni at all members to manage nothing for now. */
export async function pausePatroni(estate: TestEstate): Promise<void> {
  const { status } = await fetch(`${restOf(estate, 'east')}/config`, { method: 'PATCH', body: JSON.stringify({ pause: true }) });
  if (status !== 200) throw new Error(`Patroni answered ${status} when it was told to pause.`);
  await eventually(
    'Patroni is paused at each member',
    async () => {
      const answers = members.map(async (site) => (await (await fetch(`${restOf(estate, site)}/patroni`)).json()) as { readonly pause?: boolean });
      return (await Promise.all(answers)).every(({ pause }) => pause === true);
    },
    startsWithinMs,
  );
}

interface Member {
  readonly role: string;
  readonly state: string;
}

/** Of the members that work: a leader that runs, replicas that stream. */
async function states(estate: TestEstate): Promise<readonly Member[]> {
  const answer = await fetch(`${restOf(estate, 'east')}/cluster`);
  const cluster = (await answer.json()) as { readonly members: readonly Member[] };
  return cluster.members.filter(({ role, state }) => (role === 'leader' ? state === 'running' : state === 'streaming'));
}

function restOf(estate: TestEstate, site: TestSite): string {
  return `http://${estate.address(site)}:${restPort}`;
}

/** Gives its address for clients. */
async function startEtcd(estate: TestEstate): Promise<string> {
  const [address, folder] = [estate.address('north'), estate.path('north', 'etcd')];
  mkdirSync(folder, { mode: 0o700 });
  estate.owned(folder);
  const [clients, peers] = [`http://${address}:2379`, `http://${address}:2380`];
  const listen = ['--listen-client-urls', clients, '--advertise-client-urls', clients, '--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers];
  estate.background('etcd', ['--name', 'north', '--data-dir', folder, ...listen, '--initial-cluster', `north=${peers}`]);
  await eventually('etcd is healthy', async () => (await fetch(`${clients}/health`)).ok);
  return `${address}:2379`;
}

function settings(estate: TestEstate, site: TestSite, etcd: string) {
  const account = (username: string) => ({ username, password: 'test-only' });
  const at = `${estate.address(site)}:5432`;
  const rest = `${estate.address(site)}:${restPort}`;
  return {
    ...{ scope: 'shop', name: site, etcd3: { host: etcd } },
    restapi: { listen: rest, connect_address: rest },
    bootstrap: { dcs: { ttl: 20, loop_wait: 1, retry_timeout: 3 } },
    postgresql: {
      ...{ listen: at, connect_address: at, data_dir: estate.path(site, 'pg'), bin_dir: pgBin, pgpass: estate.path(site, 'patroni.pgpass') },
      authentication: { superuser: account('dr_admin'), replication: account('dr_repl') },
      parameters: { unix_socket_directories: '' },
    },
  };
}
