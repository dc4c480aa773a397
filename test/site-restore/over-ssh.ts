/** The worker's drivers at a host whose site-restore they reach over a real SSH session. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import type { AccessCheck } from '../../activities/access/port.ts';
import { checkRestore } from '../../activities/access/restore.ts';
import { createJobsActivities } from '../../activities/jobs/activities.ts';
import { createRestoreActivities } from '../../activities/restore/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import { siteRestore } from '../../activities/ssh/programs.ts';
import type { Plan } from '../../plan/schema.ts';
import { dependenciesOf } from '../support/dependencies.ts';
import type { Host, Source } from './source.ts';

export const site = 'west';
export const run = { runId: 'recovery/shop', execution: 'recovery/shop@1', planDigest: 'p', epoch: 1 };

export class OverSsh {
  /** What the drivers are told of the estate; a test changes it. */
  plan: Plan;
  private readonly server: ssh2.Server;
  private readonly pool: AgentPool;

  private constructor(plan: Plan, server: ssh2.Server) {
    this.plan = plan;
    this.server = server;
    this.pool = createAgentPool({
      planOf: async () => this.plan,
      secret: async (reference) => readFileSync(reference.slice('file:'.length), 'utf8').trim(),
      now: () => new Date(),
    });
  }

  /** Its keys lie in `folder`, which the caller removes; `host` is asked at each command. */
  static async open(source: Source, folder: string, host: () => Host): Promise<OverSsh> {
    const key = (name: string) => join(folder, `${name}-key`);
    for (const name of ['host', 'client']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key(name)]);
    const server = new ssh2.Server({ hostKeys: [readFileSync(key('host'), 'utf8')] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => (context.method === 'publickey' ? context.accept() : context.reject(['publickey'])));
      client.on('session', (accept) =>
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const { out, code } = host().verb(command);
          const channel = acceptExec();
          channel.write(out);
          channel.exit(code);
          channel.end();
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const [, hostKey = ''] = execFileSync('ssh-keygen', ['-lf', key('host')], { encoding: 'utf8' }).split(' ');
    const restore = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, hostKey, database: { host: '127.0.0.1', port: 6002 } };
    const login = { user: 'postgres', privateKey: `file:${key('client')}` };
    const plan = {
      estate: {
        ssh: { ...login, connectTimeout: 'PT5S' },
        sites: { [site]: { restore }, east: {} },
        restore: { ssh: login, database: { systemIdentifier: source.identifier } },
      },
    } as unknown as Plan;
    return new OverSsh(plan, server);
  }

  drivers() {
    const dependencies = this.dependencies();
    return { ...createRestoreActivities(dependencies), ...createJobsActivities(dependencies) };
  }

  /** What `dr estate check` finds of site-restore there. */
  async check(): Promise<readonly AccessCheck[]> {
    const { restorer, now } = this.dependencies();
    return checkRestore(this.plan, site, () => restorer(run, site), now);
  }

  private dependencies() {
    return dependenciesOf({
      planOf: async () => this.plan,
      secret: async () => '',
      agent: () => {
        throw new Error('No agent is asked here.');
      },
      restorer: (context, at) => this.pool.agent(context, at, siteRestore),
      now: () => new Date(),
    });
  }

  async close(): Promise<void> {
    await this.pool.close();
    this.server.close();
  }
}
