/** Fences: by the failed site's own agent, or by its standbys and replicas leaving it. A fence that cannot be proven is a value; people decide then. */
import { closableAt, type ServerKind } from '../../plan/rules/servers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { siteOf } from '../ssh/programs.ts';
import { countBeyond } from './beyond.ts';
import { byHand, fenceByAgent, unfenceByAgent } from './by-agent.ts';
import { fenceCacheByReplication, fenceDatabaseByReplication } from './by-replication.ts';
import type { FencingActivities, Reattached, WriterState } from './port.ts';
import { attempt, attemptToRead, bare } from '../attempt.ts';
import { shortfallsOf } from '../change.ts';

export function createFencingActivities(dependencies: ActivityDependencies): FencingActivities {
  return {
    fenceByAgent: ({ run, site }) => fenceByAgent(dependencies, run, site),
    countBeyond: (input) => countBeyond(dependencies, input),
    unfenceByAgent: ({ run, site }) => unfenceByAgent(dependencies, run, site),
    fenceDatabaseByReplication: (input) => fenceDatabaseByReplication(dependencies, input),
    fenceCacheByReplication: (input) => fenceCacheByReplication(dependencies, input),

    async reattach({ run, site, standbys, replicas }) {
      return Promise.all([
        ...standbys.map((standby) => reattached(dependencies, run, standby, site, 'database')),
        ...replicas.map((replica) => reattached(dependencies, run, replica, site, 'cache')),
      ]);
    },

    async readWriters({ run, sites }) {
      const plan = await dependencies.planOf(run.planDigest);
      const read = sites.flatMap((site) => {
        siteOf(plan, site); // a site that the plan does not know is refused, not left out
        const read = { database: readDatabaseWriter, cache: readCacheWriter };
        return closableAt(plan, site).map((server) => read[server](dependencies, run, site));
      });
      return Promise.all(read);
    },
  };
}

async function reattached(dependencies: ActivityDependencies, run: RunContext, at: SiteId, to: SiteId, server: ServerKind): Promise<Reattached> {
  const done = await attempt(() => dependencies.agent(run, at).tryChange(`${server}-return`));
  const how = done.ok ? done.fields.get('after') : bare(done.reason);
  const less = done.ok ? shortfallsOf(done.fields) : {};
  if (done.ok && how.startsWith('following ') && how !== 'following none') return { site: at, server, state: 'standby', how, ...less };
  const next = done.ok ? byHand(run, at, `${server}-follow`, to) : byHand(run, at, `${server}-return`);
  return { site: at, server, state: 'unknown', how: `the ${server} at ${at} was not taken back, it may not follow ${to}: ${how}; ${next}`, ...less };
}

type Reading = Pick<WriterState, 'state' | 'how' | 'waits'>;

async function readDatabaseWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const answer = await attemptToRead(
    () => dependencies.agent(run, site).ask('database-status'),
    (fields): Reading => {
      if (fields.flag('hba_closed')) return closedDatabase(fields);
      if (!fields.flag('running')) return { state: 'unknown', how: `it does not run now (${fields.get('detail')}); nothing keeps it from being started` };
      if (fields.flag('in_recovery')) return { state: 'standby', how: `in recovery, follows ${fields.get('follows')}` };
      const how = `out of recovery on timeline ${fields.get('timeline')}, open to clients`;
      const names = fields.get('synchronous_standby_names');
      const alone = names !== '' && fields.find('synchronous_now') === '0';
      return { state: 'writer', how, ...(alone ? { waits: `each commit waits for ${names}, and none of them is there` } : {}) };
    },
  );
  return writer(site, 'database', answer);
}

/** The closed file keeps customers out, and nobody who writes inside the server. An older agent does not look for them. */
function closedDatabase(fields: AgentFields): Reading {
  const writers = fields.find('writers');
  if (writers === undefined) return { state: 'fenced', how: 'pg_hba.conf is closed, also for the next start' };
  return { state: 'unknown', how: `pg_hba.conf is closed and lets no customer in, but inside the server ${writers} may write on; end it, or stop the server` };
}

async function readCacheWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const answer = await attemptToRead(
    () => dependencies.agent(run, site).ask('cache-status'),
    (fields): Reading => {
      if (fields.flag('closed')) return { state: 'fenced', how: 'it asks for more replicas than there are' };
      if (!fields.flag('running')) return { state: 'unknown', how: `it does not run now (${fields.get('detail')}); nothing keeps it from being started` };
      if (fields.get('role') === 'replica') return { state: 'standby', how: `replica of ${fields.get('follows')}` };
      if (fields.flag('detached'))
        return { state: 'standby', how: `left ${fields.find('left')} at ${fields.find('left_at')}, refuses writes until it is promoted` };
      const [asked, online] = [fields.get('min_replicas_to_write'), fields.get('online_replicas')];
      const how = `primary that asks for ${asked} replicas`;
      return {
        state: 'writer',
        how,
        ...(Number(asked) > Number(online) ? { waits: `each write is refused with fewer replicas than ${asked}, and ${online} are there` } : {}),
      };
    },
  );
  return writer(site, 'cache', answer);
}

function writer(site: SiteId, server: ServerKind, answer: Awaited<ReturnType<typeof attemptToRead<Reading>>>): WriterState {
  if (answer.ok) return { site, server, ...answer.value };
  return { site, server, state: 'unknown', how: `its agent could not be asked: ${bare(answer.reason)}` };
}
