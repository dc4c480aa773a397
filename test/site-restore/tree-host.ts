/** Stores that hold versions of a tree, by the S3 API of the AWS emulator and in a folder; and a host that unpacks them by site-restore. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { credentials, Moto } from '../activities/aws/support.ts';
import { eventually } from '../site-agent/support.ts';
import { tarGz, type Member } from './archive.ts';
import { type Answer, asOwner, hostName, newFolder, owned, script } from './host.ts';
import { removeAll } from './source.ts';

export const region = 'eu-west-1';
export const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Files of a version, by name. */
export type VersionFiles = Readonly<Record<string, string | Buffer>>;

/** A whole version as an uploader makes it: the archive, and then its checksum. */
export function version(archive: Buffer, name = 'tree.tar.gz'): VersionFiles {
  return { [name]: archive, SHA256SUMS: `${sha256(archive)}  ${name}\n` };
}

export const treeOf = (...members: readonly Member[]) => version(tarGz(...members));

export interface Store {
  readonly kind: 's3' | 'folder';
  /** What restore.conf says of it. */
  readonly settings: Readonly<Record<string, string>>;
  /** The files of a version one after the other, and the moment that each of them has; in the object store that is now, whatever is told. */
  put(version: string, files: VersionFiles, at?: Date): Promise<void>;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** The emulator with a bucket, and before it a server that the test can make refuse, break off or wait. */
export class S3Store implements Store {
  readonly kind = 's3';
  readonly moto: Moto;
  readonly client: S3Client;
  readonly front: Front;
  private prefix = 'app-0';
  private times = 0;

  private constructor(moto: Moto, front: Front) {
    [this.moto, this.front] = [moto, front];
    this.client = new S3Client({ region, endpoint: moto.endpoint, credentials, forcePathStyle: true });
  }

  static async start(): Promise<S3Store> {
    const moto = await Moto.start();
    const store = new S3Store(moto, await Front.start(moto.endpoint));
    await store.client.send(new CreateBucketCommand({ Bucket: 'backups', CreateBucketConfiguration: { LocationConstraint: region } }));
    return store;
  }

  get settings() {
    return { APPLICATION_FROM: `s3://backups/${this.prefix}/trees`, S3_ENDPOINT: this.front.endpoint, S3_REGION: region };
  }

  async put(name: string, files: VersionFiles): Promise<void> {
    for (const [file, Body] of Object.entries(files)) await this.client.send(new PutObjectCommand({ Bucket: 'backups', Key: `${this.prefix}/trees/${name}/${file}`, Body })); // prettier-ignore
  }

  /** Another prefix of the same bucket, with nothing below it. */
  async clear(): Promise<void> {
    this.prefix = `app-${(this.times += 1)}`;
    this.front.reset();
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.front.stop();
    await this.moto.stop();
  }
}

export class FolderStore implements Store {
  readonly kind = 'folder';
  readonly folder = newFolder();

  get settings() {
    return { APPLICATION_FROM: `file://${this.folder}/trees` };
  }

  async put(name: string, files: VersionFiles, at = new Date()): Promise<void> {
    for (const [file, content] of Object.entries(files)) {
      const path = join(this.folder, 'trees', name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      utimesSync(path, at, at);
    }
  }

  async clear(): Promise<void> {
    rmSync(join(this.folder, 'trees'), { recursive: true, force: true });
    mkdirSync(join(this.folder, 'trees'));
  }

  async stop(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

type Handler = (asked: IncomingMessage, answer: ServerResponse, pass: () => void) => void;

/** A server that passes on what it is asked, unless the test says otherwise; it notes each address, and the range that was asked for. */
export class Front {
  readonly asked: string[] = [];
  handler: Handler = (_asked, _answer, pass) => pass();
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(to: string): Promise<Front> {
    const server = createServer();
    const front = new Front(server);
    server.on('request', (asked, answer) => {
      front.asked.push(`${asked.url} ${asked.headers.range ?? 'whole'}`);
      const pass = () => {
        const onward = ask(`${to}${asked.url}`, { headers: asked.headers }, (reply) => {
          answer.writeHead(reply.statusCode ?? 500, reply.headers);
          reply.pipe(answer);
        });
        onward.on('error', () => answer.destroy());
        onward.end();
      };
      front.handler(asked, answer, pass);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.asked.length = 0;
    this.handler = (_asked, _answer, pass) => pass();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export const isArchive = ({ url = '' }: IncomingMessage) => url.includes('/tree.tar');

/** A host that has a folder for the application, and nothing of it. */
export class TreeHost {
  readonly folder = newFolder();
  private readonly store: Store;
  settings: Readonly<Record<string, string>> = {};

  constructor(store: Store) {
    this.store = store;
    cpSync(script, this.at('site-restore'));
    for (const name of ['state', 'app', 'sessions']) mkdirSync(this.at(name));
    writeFileSync(this.at('credentials'), `${credentials.accessKeyId}\n${credentials.secretAccessKey}\n`, { mode: 0o600 });
    this.configure({});
    owned(this.folder);
  }

  /** Beside what was set before. */
  configure(settings: Readonly<Record<string, string>>): void {
    this.settings = { ...this.settings, ...settings };
    const all = {
      ...{
        SITE: 'west',
        HOST: hostName,
        STATE_DIR: this.at('state'),
        RESTORE_TOOL: 'files',
        BACKUPS: '/nowhere',
        PG_DATA: this.at('pg'),
        ARCHIVE_TO: '/nowhere',
      },
      ...{ PG_BIN: '/nowhere', PG_SYSTEM_IDENTIFIER: '1', PG_ADMIN_USER: 'dr_admin', TREES: 'application sessions' },
      ...{ APPLICATION_TO: this.at('app'), SESSIONS_TO: this.at('sessions'), SESSIONS_FROM: this.store.settings['APPLICATION_FROM'] ?? '' },
      ...{ S3_CREDENTIALS: this.at('credentials'), ...this.store.settings, ...this.settings },
    };
    writeFileSync(this.at('restore.conf'), Object.entries(all).map(([name, value]) => `${name}='${value}'\n`).join('')); // prettier-ignore
  }

  /** A program of the host, for a setting that names one. */
  program(name: string, ...lines: readonly string[]): string {
    writeFileSync(this.at(name), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
    owned(this.at(name));
    return this.at(name);
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  app(...names: readonly string[]): string {
    return this.at('app', ...names);
  }

  /** A verb as over SSH; meanwhile the server before the store answers, which is of this process. */
  verb(words: string, path = process.env['PATH']): Promise<Answer> {
    const [program, ...args] = [...asOwner, this.at('site-restore'), this.at('restore.conf')];
    return new Promise((resolve) => {
      const child = spawn(program, args, { env: { PATH: path, SSH_ORIGINAL_COMMAND: words }, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
      let out = '';
      child.stdout.on('data', (part: Buffer) => (out += part.toString()));
      child.on('close', (code) => resolve({ code: code ?? -1, out, fields: fieldsOf(out) }));
    });
  }

  change(words: string, epoch = 1, run = 'run-1', path = process.env['PATH']): Promise<Answer> {
    const [verb, ...rest] = words.split(' ');
    return this.verb([verb, '--epoch', epoch, '--run', run, ...rest].join(' '), path);
  }

  start(id: string, set: string, { epoch = 1, run = 'run-1', tree = 'application', path = process.env['PATH'] } = {}): Promise<Answer> {
    return this.change(`tree-restore ${id} ${tree} ${set}`, epoch, run, path);
  }

  /** How a job ended, and its last words. */
  async ended(id: string): Promise<Readonly<Record<string, string>>> {
    await eventually(`${id} ended`, async () => !['running', 'none'].includes((await this.verb(`job-watch ${id}`)).fields['state'] ?? 'none'), 60_000);
    return (await this.verb(`job-watch ${id}`)).fields;
  }

  async restore(id: string, set: string, options = {}): Promise<Readonly<Record<string, string>>> {
    const started = await this.start(id, set, options);
    if (started.code !== 0) throw new Error(started.out);
    return this.ended(id);
  }

  async state(tree = 'application'): Promise<Readonly<Record<string, string>>> {
    return (await this.verb(`tree-state ${tree}`)).fields;
  }

  /** With all that it has started in its group, without a word. */
  async killJob(id: string): Promise<void> {
    const [leader = ''] = readFileSync(this.at('state', 'jobs', id, 'process'), 'utf8').split(' ');
    process.kill(-Number(leader), 'SIGKILL');
    await eventually(`${id} is lost`, async () => (await this.verb(`job-watch ${id}`)).fields['state'] === 'lost');
  }

  progress(id: string): string {
    const file = this.at('state', 'jobs', id, 'progress');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** What stands in the folder of the application. */
  beside(): readonly string[] {
    return readdirSync(this.app()).toSorted();
  }

  /** What the link points at. */
  current(): string {
    return readlinkSync(this.app('current'));
  }

  /** A version that somebody has put there by hand, and the link to it. */
  standing(name: string, file = 'mine'): void {
    mkdirSync(this.app(name));
    writeFileSync(this.app(name, file), 'what was there before');
    symlinkSync(name, this.app('current'));
    owned(this.app());
  }

  /** All that is below the folder of the application: names, modes, times, contents and where links lead. */
  inventory(): readonly string[] {
    const paths = readdirSync(this.app(), { recursive: true, encoding: 'utf8' }).toSorted();
    return paths.map((path) => {
      const is = lstatSync(this.app(path));
      const content = is.isSymbolicLink() ? `-> ${readlinkSync(this.app(path))}` : is.isFile() ? sha256(readFileSync(this.app(path))) : 'folder';
      return `${path} ${is.mode.toString(8)} ${is.isFile() ? is.mtimeMs : ''} ${content}`;
    });
  }

  /** Cancels what still runs, and takes all files away. */
  async end(): Promise<void> {
    const jobs = this.at('state', 'jobs');
    for (const id of existsSync(jobs) ? readdirSync(jobs) : []) await this.change(`job-cancel ${id}`, 900, 'the-end');
    await removeAll(this.folder);
  }
}

function fieldsOf(out: string): Readonly<Record<string, string>> {
  const pairs = out.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
