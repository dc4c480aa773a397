/** Fences: by the failed site's own agent, or by its standbys and replicas leaving it. A fence that cannot be proven is a value; people decide then. */
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { siteOf } from '../ssh/agent.ts';
import { fenceByAgent, unfenceByAgent } from './by-agent.ts';
import { fenceCacheByReplication, fenceDatabaseByReplication } from './by-replication.ts';
import type { FencingActivities, WriterState } from './port.ts';
import { attempt } from '../attempt.ts';

export function createFencingActivities(dependencies: ActivityDependencies): FencingActivities {
  return {
    fenceByAgent: ({ run, site }) => fenceByAgent(dependencies, run, site),
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
        const { database, cache } = siteOf(plan, site);
        return [...(database ? [readDatabaseWriter(dependencies, run, site)] : []), ...(cache ? [readCacheWriter(dependencies, run, site)] : [])];
      });
      return Promise.all(read);
    },
  };
}

async function reattached(dependencies: ActivityDependencies, run: RunContext, at: SiteId, to: SiteId, server: 'database' | 'cache'): Promise<WriterState> {
  const done = await attempt(() => dependencies.agent(run, at).tryChange(`${server}-follow`, to));
  return done.ok
    ? { site: at, server, state: 'standby', how: done.fields.get('after') }
    : { site: at, server, state: 'unknown', how: `it is to follow ${to} again: ${done.reason}` };
}

async function readDatabaseWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const state = (kind: WriterState['state'], how: string): WriterState => ({ site, server: 'database', state: kind, how });
  const answer = await attempt(() => dependencies.agent(run, site).ask('database-status'));
  if (!answer.ok) return state('unknown', `its agent could not be asked: ${answer.reason}`);
  const { fields } = answer;
  if (fields.flag('hba_closed')) return state('fenced', 'pg_hba.conf is closed, also for the next start');
  if (!fields.flag('running')) return state('unknown', `it does not run now (${fields.get('detail')}); nothing keeps it from being started`);
  if (fields.flag('in_recovery')) return state('standby', `in recovery, follows ${fields.get('follows')}`);
  return state('writer', `out of recovery on timeline ${fields.get('timeline')}, open to clients`);
}

async function readCacheWriter(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<WriterState> {
  const state = (kind: WriterState['state'], how: string): WriterState => ({ site, server: 'cache', state: kind, how });
  const answer = await attempt(() => dependencies.agent(run, site).ask('cache-status'));
  if (!answer.ok) return state('unknown', `its agent could not be asked: ${answer.reason}`);
  const { fields } = answer;
  if (fields.flag('closed')) return state('fenced', 'it asks for more replicas than there are, also after a restart');
  if (!fields.flag('running')) return state('unknown', `it does not run now (${fields.get('detail')}); nothing keeps it from being started`);
  if (fields.get('role') === 'replica') return state('standby', `replica of ${fields.get('follows')}`);
  const leftAt = fields.find('left_at');
  if (leftAt !== undefined) return state('standby', `left ${fields.find('left')} at ${leftAt}, refuses writes until it is promoted`);
  return state('writer', `primary that asks for ${fields.get('min_replicas_to_write')} replicas`);
}
