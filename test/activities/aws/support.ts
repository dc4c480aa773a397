/** What the AWS drivers are tried against: the emulator, a server that answers what the test says, and site agents that hold an epoch. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import type { RunContext } from '../../../activities/context.ts';
import type { ActivityDependencies, AgentAnswer, AgentFields } from '../../../activities/dependencies.ts';
import { setupPaths } from '../../../lab/setup/paths.ts';
import { zone as zoneHolder } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import { until } from '../../support/until.ts';
import type { ZoneStandIn } from '../../support/zone-stand-in.ts';
import { dependenciesOf as keptToo } from '../../support/dependencies.ts';

export const run: RunContext = { runId: 'recovery/tickets', execution: 'recovery/tickets@1', planDigest: 'tickets', epoch: 4 };
export const older: RunContext = { ...run, execution: 'recovery/tickets@0', epoch: 3 };
export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Epoch that each holder has, by site or as `the DNS zone`; one that is not there does not answer. */
export type HeldEpochs = Map<string, { epoch: number; holder: string }>;

export function heldBy(context: RunContext, ...holders: readonly string[]): HeldEpochs {
  return new Map(holders.map((holder) => [holder, { epoch: context.epoch, holder: context.execution }]));
}

/** Dependencies whose agents answer `identify` and nothing else; `zone` answers what is held there. */
export function dependenciesOf(plan: () => Plan, held: () => HeldEpochs, zone?: () => ZoneStandIn): ActivityDependencies {
  const identify = (site: string): AgentAnswer => {
    const epoch = held().get(site);
    if (!epoch) return { reachable: false, reason: 'no answer' };
    const values: Record<string, string> = { epoch: String(epoch.epoch), epoch_holder: epoch.holder };
    const fields: AgentFields = {
      get: (key) => values[key] ?? '',
      find: (key) => values[key],
      all: (key) => (values[key] === undefined ? [] : [values[key]]),
      flag: (key) => values[key] === 'yes',
      aheadSeconds: undefined,
      at: () => undefined,
    };
    return { reachable: true, fields };
  };
  const never = () => Promise.reject(new Error('An AWS driver changes nothing through an agent.'));
  return keptToo({
    planOf: async () => {
      const api = zone?.();
      if (!api) return plan();
      api.held = () => held().get(zoneHolder.called);
      return api.in(plan());
    },
    secret: async (reference) => (reference === 'env:TEST_PASSWORD' ? 'test-only' : 'test'),
    agent: (_run, site) => ({ ask: async () => identify(site), change: never, tryChange: never }),
    now: () => new Date(),
  });
}

/** The emulator of AWS, on an address of this machine. */
export class Moto {
  readonly endpoint: string;
  private readonly child: ChildProcess;

  private constructor(endpoint: string, child: ChildProcess) {
    this.endpoint = endpoint;
    this.child = child;
  }

  static async start(): Promise<Moto> {
    const port = await freePort();
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', setupPaths().motoServer, '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const endpoint = `http://127.0.0.1:${port}`;
    await until('the emulator answers', async () => ((await fetch(`${endpoint}/moto-api/`)).ok ? true : undefined), 60);
    return new Moto(endpoint, child);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}

export interface Asked {
  readonly action: string;
  readonly parameters: URLSearchParams;
  readonly body: string;
  /** By it the emulator knows the region. */
  readonly authorization: string;
}

export type Reply = { readonly status: number; readonly body: string } | 'no answer';

/** A server of AWS's query protocol that answers what the test says, and notes what it was asked. */
export class StandIn {
  readonly asked: Asked[] = [];
  reply: (asked: Asked) => Reply | Promise<Reply> = () => ({ status: 500, body: '' });
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<StandIn> {
    const server = createServer();
    const standIn = new StandIn(server);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const parameters = new URLSearchParams(body);
        const asked = { action: parameters.get('Action') ?? '', parameters, body, authorization: request.headers.authorization ?? '' };
        standIn.asked.push(asked);
        void Promise.resolve(standIn.reply(asked)).then((reply) => {
          if (reply === 'no answer') return request.socket.destroy();
          return response.writeHead(reply.status, { 'content-type': 'text/xml' }).end(reply.body);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  actions(): string[] {
    return this.asked.map(({ action }) => action);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The answer of another server to the same question. */
export async function passOn(endpoint: string, { body, authorization }: Asked): Promise<Reply> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', authorization };
  const answer = await fetch(endpoint, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

/** An error as the query protocol gives it. */
export function awsError(status: number, code: string, message = 'told by the test'): Reply {
  return { status, body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>` };
}

export function awsAnswer(action: string, result: string): Reply {
  return { status: 200, body: `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>` };
}

export async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
