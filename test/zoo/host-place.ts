/** One host with a real sshd and the site agent behind it, as a shape wants them: no database, no cache, a service manager and a capacity of files. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { authorizedKey } from '../../activities/access/lines.ts';
import { agentCommand } from '../../activities/ssh/agent.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import { asServerUser, pgBin, serverUser } from '../site-agent/estate.ts';
import { capacityShim, systemctlShim } from '../site-agent/support.ts';
import { makeServerFolder } from '../support/server-files.ts';
import { until } from '../support/until.ts';

export const hostSite = 'gent';
const repository = join(import.meta.dirname, '..', '..');
const asRoot = process.getuid?.() === 0;
const port = 2260;

export type KeyKind = 'ed25519' | 'rsa' | 'ecdsa';

/** Shaped by its public fields before `start`. */
export class HostPlace {
  readonly folder = makeServerFolder('dr-host-');
  address: string;
  /** Keys of the host, in the order of its configuration, and the one that the plan has pinned. */
  keys: readonly KeyKind[] = ['ed25519'];
  pinned: KeyKind = 'ed25519';
  /** More lines of sshd_config and agent.conf; they count before those of the place. */
  readonly sshd: string[] = [];
  readonly agent: Record<string, string> = {};
  /** The account's login shell; anything but what the host itself says needs root. */
  shell: string | undefined;
  /** Lines of the host's sudoers file, where it has sudo; needs root. */
  sudoers: readonly string[] | undefined;
  plan!: Plan;
  pool!: AgentPool;
  private child: ChildProcess | undefined;

  constructor(network: number) {
    this.address = `127.${network}.77.1`;
    chmodSync(this.folder, 0o755);
    for (const folder of ['state', 'shim']) mkdirSync(this.path(folder));
    cpSync(join(repository, 'site-agent', 'site-agent'), this.path('site-agent'));
    this.write('shim/systemctl', systemctlShim, 0o755);
    this.write('shim/capacity', capacityShim, 0o755);
    this.write('config', 'present\n');
    for (const [file, text] of [
      ['shim/enabled', 'enabled\n'],
      ['shim/percent', '35\n'],
    ] as const)
      this.write(file, text);
  }

  path(...rest: readonly string[]): string {
    return join(this.folder, ...rest);
  }

  write(file: string, text: string, mode = 0o644): string {
    writeFileSync(this.path(file), text, { mode });
    return this.path(file);
  }

  /** The whole of `authorized_keys`; a line is as the estate check prints it, and the agent is where it is here. */
  allow(line: string): void {
    this.write('authorized_keys', `${line.replace(agentCommand, `${this.path('site-agent')} ${this.path('agent.conf')}`)}\n`);
  }

  /** The start-up file of the login shell: bash reads it for each command that comes over SSH. */
  profile(text: string): void {
    this.write('.bashrc', text);
    this.sshd.push(`SetEnv HOME=${this.folder}`);
  }

  /** Returns when the host greets. */
  async start(): Promise<void> {
    this.writeAgentConf();
    const hostKeys = this.keys.map((kind) => this.makeKey(`host_${kind}`, kind));
    const client = this.makeKey('client', 'ed25519');
    this.allow(authorizedKey(readFileSync(`${client}.pub`, 'utf8').trim()));
    const own = ['PidFile none', 'UsePAM no', 'StrictModes no', `AllowUsers ${serverUser}`, `AuthorizedKeysFile ${this.path('authorized_keys')}`];
    const listen = `ListenAddress ${this.address.includes(':') ? `[${this.address}]` : this.address}:${port}`;
    this.write('sshd.conf', `${[...this.sshd, ...own, listen, ...hostKeys.map((key) => `HostKey ${key}`)].join('\n')}\n`);
    if (asRoot) {
      mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
      execFileSync('chown', ['-R', serverUser, this.folder]);
    }
    this.startSshd();
    await until('the host greets', () => greets(this.address));
    const kept = await this.makePlan();
    this.plan = kept;
    this.pool = createAgentPool({ planOf: async () => kept, secret: async () => readFileSync(client, 'utf8').trim(), now: () => new Date() });
  }

  /** The worker's key, as its secret is. */
  privateKey(): string {
    return readFileSync(this.path('client'), 'utf8');
  }

  /** Everything that a verb could have changed, byte for byte: the service, the capacity, the switch. */
  changeable(): string {
    const files = readdirSync(this.path('shim'))
      .toSorted()
      .map((name) => `shim/${name}`);
    const all = [...files, ...(existsSync(this.path('switch')) ? ['switch'] : [])];
    return all.map((file) => `${file}: ${readFileSync(this.path(file), 'utf8')}`).join('\n');
  }

  /** What the agent has stored of epochs and tasks. */
  stored(): string {
    return readdirSync(this.path('state'))
      .filter((name) => name.startsWith('epoch') || name.startsWith('task'))
      .toSorted()
      .map((name) => `${name}: ${readFileSync(this.path('state', name), 'utf8')}`)
      .join('\n');
  }

  async stop(): Promise<void> {
    await this.pool?.close();
    const { child } = this;
    if (child && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private makeKey(name: string, kind: KeyKind): string {
    const bits = kind === 'rsa' ? ['-b', '2048'] : [];
    execFileSync('ssh-keygen', ['-q', '-t', kind, ...bits, '-N', '', '-f', this.path(name)]);
    return this.path(name);
  }

  private startSshd(): void {
    const sshd = [...asServerUser, '/usr/sbin/sshd', '-D', '-e', '-f', this.path('sshd.conf')];
    const own = this.ownFiles();
    const mounts = Object.entries(own).map(([path, file]) => `mount --bind ${file} ${path} && `);
    const [program = '', ...words] =
      mounts.length === 0 ? sshd : ['unshare', '--mount', '--kill-child', 'sh', '-c', `${mounts.join('')}exec "$@"`, 'sh', ...sshd];
    this.child = spawn(program, words, { stdio: 'ignore', cwd: '/' });
  }

  /** Files of the host that this sshd alone sees otherwise, by their paths. */
  private ownFiles(): Readonly<Record<string, string>> {
    return {
      ...(this.shell === undefined ? {} : { '/etc/passwd': this.passwd(this.shell) }),
      ...(this.sudoers === undefined ? {} : { '/etc/sudoers': this.write('sudoers', `${this.sudoers.join('\n')}\n`, 0o440) }),
    };
  }

  private passwd(shell: string): string {
    const line = execFileSync('getent', ['passwd', serverUser], { encoding: 'utf8' }).trim();
    const others = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .filter((entry) => !entry.startsWith(`${serverUser}:`));
    return this.write('passwd', [line.replace(/[^:]*$/, shell), ...others].join('\n'));
  }

  private writeAgentConf(): void {
    const conf = {
      SITE: hostSite,
      STATE_DIR: this.path('state'),
      PG_BIN: pgBin,
      PEERS: 'lyon',
      SYSTEMCTL: this.path('shim', 'systemctl'),
      UNIT: 'lending',
      CAPACITY_COMMAND: this.path('shim', 'capacity'),
      SWITCH_FILE: this.path('switch'),
      FILES: this.path('config'),
      ...this.agent,
    };
    const lines = Object.entries(conf).map(([key, value]) => `${key}='${value}'\n`);
    this.write('agent.conf', lines.join(''));
  }

  private async makePlan(): Promise<Plan> {
    const { plan } = await loadPlan(join(repository, 'test', 'plans', 'library'));
    const { database: _none, ...site } = plan.estate.sites[hostSite]!;
    const hostKey = execFileSync('ssh-keygen', ['-lf', this.path(`host_${this.pinned}.pub`)], { encoding: 'utf8' }).split(' ')[1] ?? '';
    const agent = { host: this.address, port, hostKey };
    const ssh = { user: serverUser, privateKey: 'file:client', connectTimeout: 'PT5S' };
    const service = { ...plan.estate.service, files: ['config'] };
    return { ...plan, estate: { ...plan.estate, service, ssh, sites: { ...plan.estate.sites, [hostSite]: { ...site, agent } } } };
  }
}

/** True when something listens there. */
function greets(host: string): Promise<true | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
