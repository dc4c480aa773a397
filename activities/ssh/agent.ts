/** The programs at the sites' hosts over SSH: fixed verbs, answers as `key=value`, exit codes as failures of the catalogue. */
import ssh2 from 'ssh2';
import type { SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies, AgentAnswer, AgentClient, AgentFields } from '../dependencies.ts';
import { aheadBy } from '../../plan/rules/clocks.ts';
import { failure } from '../errors.ts';
import { mustHoldTask, orderOfTask } from '../task.ts';
import { SshConnection } from './connection.ts';
import { HostKeyError, LoginError, UnreachableError } from './login.ts';
import { siteAgent, type SiteProgram } from './programs.ts';
import type { CommandResult } from './running.ts';

/** Where a host keeps it and its configuration, by convention of docs/own-estate.md. */
export const agentCommand = '/usr/local/lib/dr/site-agent /etc/dr/agent.conf';
const shownCharactersMax = 120;
const argumentPattern = /^[A-Za-z0-9:._/%@=-]+$/;

export interface AgentPool {
  /** The site agent, or another program at its host. */
  agent(run: RunContext, site: SiteId, program?: SiteProgram): AgentClient;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Keeps one connection for each program at each site of each plan. */
export function createAgentPool(dependencies: Pick<ActivityDependencies, 'planOf' | 'secret' | 'now'>): AgentPool {
  const connections = new Map<string, Promise<SshConnection>>();
  const open = (run: RunContext, site: SiteId, program: SiteProgram): Promise<SshConnection> => {
    const key = `${run.planDigest} ${site} ${program.name}`;
    const kept = connections.get(key) ?? connect(dependencies, run, site, program);
    connections.set(key, kept);
    kept.catch(() => connections.delete(key)); // a missing secret may be there at the next call
    return kept;
  };
  return {
    agent: (run, site, program = siteAgent) =>
      new SiteProgramClient(
        program,
        run,
        site,
        () => open(run, site, program),
        async () => milliseconds((await dependencies.planOf(run.planDigest)).estate.ssh.connectTimeout),
        dependencies.now,
      ),
    async close() {
      const all = await Promise.allSettled(connections.values());
      connections.clear();
      await Promise.all(all.flatMap((each) => (each.status === 'fulfilled' ? [each.value.close()] : [])));
    },
  };
}

async function connect(
  dependencies: Pick<ActivityDependencies, 'planOf' | 'secret'>,
  run: RunContext,
  site: SiteId,
  program: SiteProgram,
): Promise<SshConnection> {
  const plan = await dependencies.planOf(run.planDigest);
  const { host, port, hostKey } = program.serverOf(plan, site);
  const { user, privateKey, where } = program.loginOf(plan);
  return new SshConnection({
    host,
    port,
    hostKey,
    user,
    privateKey: readable(`${await dependencies.secret(privateKey)}\n`, where),
    connectTimeoutMilliseconds: milliseconds(plan.estate.ssh.connectTimeout),
  });
}

/** The private key itself; one that cannot be read will not be the next time either. */
function readable(privateKey: string, where: string): string {
  const read = ssh2.utils.parseKey(privateKey);
  if (!(read instanceof Error)) return privateKey;
  throw failure('permanent', {
    happened: `The private key of ${where} cannot be read: ${read.message}.`,
    leftAs: 'No host was asked.',
    next: 'Give the worker an OpenSSH private key without a passphrase there, then choose retry.',
  });
}

/** An answer, and when it was asked for and came, by the run's clock in milliseconds. */
interface Asked {
  readonly askedAt: number;
  readonly answeredAt: number;
}
type TimedResult = CommandResult & { readonly asked: Asked };

/** Verbs that change something are given under an epoch. */
function carriesEpoch(words: readonly string[]): boolean {
  return words[1] === '--epoch';
}

class SiteProgramClient implements AgentClient {
  private readonly program: SiteProgram;
  private readonly run: RunContext;
  private readonly site: SiteId;
  private readonly open: () => Promise<SshConnection>;
  private readonly silenceMilliseconds: () => Promise<number>;
  private readonly now: () => Date;

  constructor(
    program: SiteProgram,
    run: RunContext,
    site: SiteId,
    open: () => Promise<SshConnection>,
    silenceMilliseconds: () => Promise<number>,
    now: () => Date,
  ) {
    this.program = program;
    this.run = run;
    this.site = site;
    this.open = open;
    this.silenceMilliseconds = silenceMilliseconds;
    this.now = now;
  }

  async ask(verb: string, ...args: readonly string[]): Promise<AgentAnswer> {
    if (this.program.longReads.includes(verb)) return this.call([verb, ...args], this.program.changeMilliseconds);
    // A probe or a write test lasts as long as what it looks at is silent, so an answer may take longer than the connection itself.
    return this.call([verb, ...args], (await this.silenceMilliseconds()) + 5_000);
  }

  async change(verb: string, ...args: readonly string[]): Promise<AgentFields> {
    const answer = await this.tryChange(verb, ...args);
    if (answer.reachable) return answer.fields;
    throw failure(
      'transient',
      {
        happened: `${this.program.called.at(this.site)} could not be reached for ${verb}: ${answer.reason}.`,
        leftAs: 'Whether it was carried out is read back at the next attempt.',
      },
      { site: this.site, verb },
    );
  }

  async tryChange(verb: string, ...args: readonly string[]): Promise<AgentAnswer> {
    const task = orderOfTask();
    const order = task === undefined ? [] : ['--task', task];
    return this.call([verb, '--epoch', String(this.run.epoch), '--run', this.run.execution, ...order, ...args], this.program.changeMilliseconds);
  }

  private async call(words: readonly string[], timeoutMilliseconds: number): Promise<AgentAnswer> {
    const bad = words.find((word) => !argumentPattern.test(word));
    if (bad !== undefined)
      throw failure('refused', { happened: `"${bad}" holds characters that no agent accepts.`, leftAs: `Nothing was sent to ${this.site}.` });
    try {
      const result = await this.runOnce(words, timeoutMilliseconds);
      return { reachable: true, fields: this.judged(words[0] ?? '', carriesEpoch(words), result) };
    } catch (error) {
      if (error instanceof UnreachableError) return { reachable: false, reason: error.message };
      if (error instanceof HostKeyError) {
        throw failure(
          'host-key-changed',
          { happened: `${this.site} is not who the plan says: ${error.message}.`, leftAs: 'Nothing was sent to it.' },
          { site: this.site, shown: error.shown },
          error,
        );
      }
      if (error instanceof LoginError) {
        throw failure(
          'permanent',
          {
            happened: `${this.site} refuses the plan's SSH user or key.`,
            leftAs: 'Nothing was sent to it.',
            next: `Add the run's public key to authorized_keys at ${this.site}, then choose retry.`,
          },
          { site: this.site, login: 'refused' },
          error,
        );
      }
      throw error;
    }
  }

  /** A kept connection may have died unnoticed; every verb may run twice, so it is tried once more on a new one. */
  private async runOnce(words: readonly string[], timeoutMilliseconds: number): Promise<TimedResult> {
    const connection = await this.open();
    const send = async () => {
      const askedAt = this.now().getTime();
      const result = await connection.run(words.join(' '), timeoutMilliseconds, carriesEpoch(words) ? mustHoldTask : undefined);
      return { ...result, asked: { askedAt, answeredAt: this.now().getTime() } };
    };
    try {
      return await send();
    } catch (error) {
      if (error instanceof UnreachableError && error.during === 'broken') return send();
      throw error;
    }
  }

  private judged(verb: string, changes: boolean, result: TimedResult): AgentFields {
    const besides = {
      leftAs: changes ? `Nothing of it was used; whether anything was changed is not known: look at ${this.site} itself.` : 'Nothing of it was used.',
      diagnostics: result.stderr,
    };
    const fields = parseFields(result.stdout, `${verb} at ${this.site}`, besides, result.asked, this.program);
    const facts = { site: this.site, verb, exit: result.code };
    const asItWas = `${this.site} is as it was.`;
    if (result.code === 0) return fields;
    if (result.code === 65) throw failure('refused', { happened: `${sentence(fields.find('refused') ?? result.stderr)}`, leftAs: asItWas }, facts);
    if (result.code === 66) {
      const [epoch, holder] = [fields.find('epoch'), fields.find('holder')];
      throw failure(
        'stale-epoch',
        { happened: `${this.site} has seen epoch ${epoch} of ${holder}; this run holds ${this.run.epoch}.`, leftAs: asItWas },
        { ...facts, epoch, holder },
      );
    }
    const said = fields.find('error');
    throw failure(
      'permanent',
      { happened: `${verb} failed at ${this.site}: ${sentence(said ?? result.stderr)}`, leftAs: this.leftBy(changes, result.code, said) },
      facts,
    );
  }

  /** How a verb that neither succeeded nor was turned away by a guard left the site. */
  private leftBy(changes: boolean, code: number | null, said: string | undefined): string {
    if (!changes || code === 64 || /nothing was changed|is as it was/.test(said ?? '')) return `${this.site} is as it was.`;
    return said === undefined
      ? `How far it came is not known: look at ${this.site} itself.`
      : 'What it had done before that stays done; a repeat starts from what it finds.';
  }
}

function sentence(text: string): string {
  const trimmed = text.trim() || 'it gave no reason';
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** Of an answer that is no agent's: how it left the site, and what was written beside it. */
interface Besides {
  readonly leftAs: string;
  readonly diagnostics: string;
}

/**
 * Lines `key=value` after the program's own first line; other lines are left out. `source` names the answer in errors. An answer without that line is a `permanent` failure: an
 * older program, or none.
 */
export function parseFields(
  text: string,
  source: string,
  besides: Besides = { leftAs: 'Nothing of it was used.', diagnostics: '' },
  asked?: Asked,
  program: SiteProgram = siteAgent,
): AgentFields {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const own = lines.findIndex((line) => program.firstLine.test(line));
  if (own < 0) throw notIt(text, source, besides, program);
  const pairs = lines.slice(own + 1).flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1).trim()] as const] : [];
  });
  const all = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const get = (key: string): string => {
    const value = all(key)[0];
    if (value === undefined)
      throw failure('permanent', {
        happened: `The answer to ${source} has no line "${key}=".`,
        leftAs: 'It was not used.',
        next: `Install ${program.called.the} of this version there, then choose retry.`,
      });
    return value;
  };
  const find = (key: string) => all(key)[0] || undefined;
  return { all, get, find, flag: (key) => get(key) === 'yes', ...timesOf(find, asked) };
}

/** What times in an answer mean: an agent that does not tell its clock, as an older one, is taken at its word. */
function timesOf(find: AgentFields['find'], asked: Asked | undefined): Pick<AgentFields, 'aheadSeconds' | 'at'> {
  const clock = Date.parse(find('clock') ?? '');
  const aheadSeconds = asked === undefined || Number.isNaN(clock) ? undefined : aheadBy(clock, asked.askedAt, asked.answeredAt);
  // An agent looks at its clock before it looks at anything else, however long that takes: what it is off by is counted from the question.
  const offMilliseconds = asked === undefined || !aheadSeconds ? 0 : clock - asked.askedAt;
  return {
    aheadSeconds,
    at(key) {
      const told = Date.parse(find(key) ?? '');
      return Number.isNaN(told) ? undefined : new Date(told - offMilliseconds);
    },
  };
}

function notIt(text: string, source: string, { leftAs, diagnostics }: Besides, program: SiteProgram): Error {
  const beside = diagnostics.trim() === '' ? '' : `, and beside it ${excerpt(diagnostics)}`;
  return failure('permanent', {
    happened: `What answered ${source} is not ${program.called.any} of this version: its output began with ${text.trim() === '' ? 'nothing' : excerpt(text)}${beside}.`,
    leftAs,
    next: `Install ${program.called.the} of version ${program.version} there, in a login that runs it (docs/own-estate.md), then choose retry.`,
  });
}

/** The beginning of a text from outside, on one line, in quotes that also escape what a terminal would act on. */
function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return JSON.stringify(line.length > shownCharactersMax ? `${line.slice(0, shownCharactersMax)}…` : line);
}
