/**
 * A Global Datastore, as far as the driver sees one: real Redis servers for the sites, the emulator for replication groups and their tags, and for the two calls that no
 * emulator has a server of the tests. What that one fails over, the servers become, as ElastiCache would make them.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateReplicationGroupCommand, ElastiCacheClient, ListTagsForResourceCommand, RemoveTagsFromResourceCommand } from '@aws-sdk/client-elasticache';
import { Redis } from 'ioredis';
import { observerCommands } from '../../../activities/access/lines.ts';
import { program } from '../../../lab/setup/paths.ts';
import { until } from '../../support/until.ts';
import { awsAnswer, awsError, credentials, freePort, Moto, passOn, StandIn, type Asked, type Reply } from './support.ts';

export const regions = { paris: 'eu-west-3', dublin: 'eu-west-1', stockholm: 'eu-north-1' } as const;
export type Place = keyof typeof regions;
const places = Object.keys(regions) as Place[];
const name = 'ldgnf-tickets';
/** The same in each region, as AWS allows: only the region tells one member from another. */
export const replicationGroup = 'tickets';

/** One redis-server of this machine; its observer may do what docs/own-estate.md gives it, and `DEBUG` is not allowed, as at ElastiCache. */
export class RedisServer {
  readonly port: number;
  readonly admin: Redis;
  private readonly child: ChildProcess;
  private readonly folder: string;

  private constructor(port: number, admin: Redis, child: ChildProcess, folder: string) {
    [this.port, this.admin, this.child, this.folder] = [port, admin, child, folder];
  }

  /** `settings` come last in its file. */
  static async start(settings: (folder: string, port: number) => readonly string[] = (_folder, port) => [`port ${port}`]): Promise<RedisServer> {
    const [folder, port] = [mkdtempSync(join(tmpdir(), 'dr-datastore-')), await freePort()];
    const observer = `user dr_observer on >test ~* resetchannels -@all ${observerCommands.map((command) => `+${command}`).join(' ')}`;
    const lines = ['bind 127.0.0.1', 'save ""', `dir ${folder}`, `unixsocket ${folder}/socket`, 'repl-diskless-sync-delay 0', observer];
    writeFileSync(join(folder, 'redis.conf'), `${[...lines, ...settings(folder, port)].join('\n')}\n`);
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program('redis-server'), join(folder, 'redis.conf')], { stdio: 'ignore' });
    const admin = new Redis(join(folder, 'socket'), { retryStrategy: () => 50, maxRetriesPerRequest: null });
    admin.on('error', () => {});
    await until('Redis answers', async () => ((await admin.ping()) === 'PONG' ? true : undefined));
    return new RedisServer(port, admin, child, folder);
  }

  async follow(source: RedisServer | null): Promise<void> {
    await (source ? this.admin.replicaof('127.0.0.1', source.port) : this.admin.replicaof('NO', 'ONE'));
  }

  async isLinked(): Promise<boolean> {
    return (await this.admin.info('replication')).includes('master_link_status:up');
  }

  async stop(): Promise<void> {
    this.admin.disconnect();
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Datastore {
  status = 'available';
  clusterMode = false;
  primary: Place = 'paris';
  members: readonly Place[] = places;
  /** What AWS does when it is told to fail over, and what it answers; undefined for yes. */
  onFailover: (to: Place) => Reply | undefined | Promise<Reply | undefined> = (to) => this.failOver(to).then(() => undefined);
  readonly standIn: StandIn;
  readonly servers: Readonly<Record<Place, RedisServer>>;
  private readonly moto: Moto;

  private constructor(moto: Moto, standIn: StandIn, servers: Readonly<Record<Place, RedisServer>>) {
    [this.moto, this.standIn, this.servers] = [moto, standIn, servers];
  }

  static async start(): Promise<Datastore> {
    const [moto, standIn, paris, dublin, stockholm] = await Promise.all([
      Moto.start(),
      StandIn.start(),
      RedisServer.start(),
      RedisServer.start(),
      RedisServer.start(),
    ]);
    const datastore = new Datastore(moto, standIn, { paris, dublin, stockholm });
    for (const place of places)
      await datastore.ask(place, (client) =>
        client.send(new CreateReplicationGroupCommand({ ReplicationGroupId: replicationGroup, ReplicationGroupDescription: 'seats' })),
      );
    return datastore;
  }

  async stop(): Promise<void> {
    await Promise.all([this.moto.stop(), this.standIn.stop(), ...places.map((place) => this.servers[place].stop())]);
  }

  /** As before any failover: paris is the primary, the others are linked to it, and nobody has tagged anything. */
  async reset(): Promise<void> {
    [this.status, this.clusterMode, this.primary, this.members] = ['available', false, 'paris', places];
    this.onFailover = (to) => this.failOver(to).then(() => undefined);
    this.standIn.reply = (asked) => this.answer(asked);
    await this.become('paris');
    const TagKeys = ['dr-epoch', 'dr-promotion'];
    for (const place of places) await this.ask(place, (client) => client.send(new RemoveTagsFromResourceCommand({ ResourceName: this.arn(place), TagKeys })));
    this.standIn.asked.length = 0;
  }

  /** What ElastiCache does on its own, in an instant. */
  async failOver(to: Place): Promise<void> {
    await this.become(to);
    this.primary = to;
  }

  /** What Redis does when ElastiCache tells it. */
  async become(primary: Place): Promise<void> {
    const source = this.servers[primary];
    await source.follow(null);
    const others = places.filter((place) => place !== primary).map((place) => this.servers[place]);
    for (const other of others) await other.follow(source);
    await until(`the others follow ${primary}`, async () => ((await Promise.all(others.map((other) => other.isLinked()))).every(Boolean) ? true : undefined));
  }

  async tagsOf(place: Place): Promise<Readonly<Record<string, string>>> {
    const { TagList: tags } = await this.ask(place, (client) => client.send(new ListTagsForResourceCommand({ ResourceName: this.arn(place) })));
    return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  arn(place: Place): string {
    return `arn:aws:elasticache:${regions[place]}:123456789012:replicationgroup:${replicationGroup}`;
  }

  /** Asks the emulator, and not through the stand-in. */
  async ask<T>(place: Place, question: (client: ElastiCacheClient) => Promise<T>): Promise<T> {
    const client = new ElastiCacheClient({ region: regions[place], endpoint: this.moto.endpoint, credentials });
    try {
      return await question(client);
    } finally {
      client.destroy();
    }
  }

  /** The answer of AWS, by what this datastore is now. */
  async answer(asked: Asked): Promise<Reply> {
    const { action, parameters } = asked;
    if (action === 'DescribeGlobalReplicationGroups')
      return awsAnswer(action, `<GlobalReplicationGroups>${this.xml(parameters.get('ShowMemberInfo') === 'true')}</GlobalReplicationGroups>`);
    if (action !== 'FailoverGlobalReplicationGroup') return passOn(this.moto.endpoint, asked);
    const to = places.find((place) => parameters.get('PrimaryReplicationGroupId') === replicationGroup && parameters.get('PrimaryRegion') === regions[place]);
    if (parameters.get('GlobalReplicationGroupId') !== name || !to) return awsError(404, 'GlobalReplicationGroupNotFoundFault');
    return (await this.onFailover(to)) ?? awsAnswer(action, this.xml(true));
  }

  private xml(withMembers: boolean): string {
    const members = this.members.map((place) => {
      const role = place === this.primary ? 'PRIMARY' : 'SECONDARY';
      const group = `<ReplicationGroupId>${replicationGroup}</ReplicationGroupId><ReplicationGroupRegion>${regions[place]}</ReplicationGroupRegion>`;
      return `<GlobalReplicationGroupMember>${group}<Role>${role}</Role><AutomaticFailover>enabled</AutomaticFailover><Status>associated</Status></GlobalReplicationGroupMember>`;
    });
    const head = `<GlobalReplicationGroupId>${name}</GlobalReplicationGroupId><Status>${this.status}</Status><ClusterEnabled>${this.clusterMode}</ClusterEnabled>`;
    return `<GlobalReplicationGroup>${head}<Members>${withMembers ? members.join('') : ''}</Members></GlobalReplicationGroup>`;
  }
}

/** A certificate for 127.0.0.1 that signs itself; the paths of key and certificate. */
export function makeCertificate(folder: string): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'ignore',
  });
  return { key, certificate };
}
