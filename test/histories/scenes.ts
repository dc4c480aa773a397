/** What happens to the model of the estate, and what people say, so that a workflow ends in each of its ways. */
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import type { OpenGate, RegionalFailoverInput } from '../../client/index.ts';
import type { Plan, PlanSnapshot } from '../../plan/schema.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import { supersedeSignal } from '../../workflows/wire/messages.ts';
import type { Stage } from '../client/support.ts';
import { inputOf } from '../driven/driven.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import type { EndingName } from './endings.ts';

/** An execution that has ended. */
export interface Played {
  readonly workflowId: string;
  readonly runId: string;
}

/** One scene on an estate of its own, with the workflows that ended in it. */
export interface Scene {
  readonly ends: readonly EndingName[];
  /** Absent: the plan of the repository. */
  readonly plan?: (plan: Plan) => Plan;
  play(actors: Actors): Promise<readonly Played[]>;
}

const [who, second] = ['jane-smith', 'john-doe'];
const noSuchUnit = () => ApplicationFailure.nonRetryable('unit not found', 'permanent');

/** The model with an answer to the estate check; its primary is dead. */
export class Theatre extends FakeEstate {
  constructor(snapshot: PlanSnapshot) {
    super(snapshot);
    for (const site of regionalFailover.placesIn(snapshot.plan).failed) this.dead.add(site);
  }

  override activities(): Activities {
    return {
      ...super.activities(),
      checkSiteAccess: async ({ site }) => ({
        site,
        checks: [{ what: 'site agent over SSH', steps: ['fence-site'], result: 'ok', as: 'recovery', detail: 'answers' }],
      }),
      checkSharedAccess: async () => [],
    };
  }
}

/** Who does something in a scene. */
export class Actors {
  readonly stage: Stage;
  readonly estate: Theatre;
  private readonly name: string;
  /** The site that is lost. */
  readonly lost: string;

  constructor(stage: Stage, estate: Theatre) {
    this.stage = stage;
    this.estate = estate;
    this.name = stage.plan.plan.estate.name;
    this.lost = regionalFailover.placesIn(stage.plan.plan).source;
  }

  private get watchId(): string {
    return makeFenceOnReturnWorkflowId(this.name, this.lost);
  }

  async start(mode: RegionalFailoverInput['mode'] = 'live'): Promise<string> {
    const { runId } = await this.stage.client.start('regionalFailover', inputOf(regionalFailover, this.stage.plan.plan, { mode }));
    return runId;
  }

  async gate(named = ''): Promise<OpenGate> {
    return until(`the gate ${named} opens`, async () => {
      const view = await this.stage.client.status(makeRunWorkflowId(this.name));
      return view.state === 'running' && view.status.gate?.gate.startsWith(named) ? view.status.gate : undefined;
    });
  }

  /** By an update and a signal: histories hold both. */
  async vote(choice: string, named = ''): Promise<void> {
    const { gate } = await this.gate(named);
    const runId = makeRunWorkflowId(this.name);
    await this.stage.client.vote(runId, { gate, choice, who, reason: 'seen the evidence' });
    await this.stage.env.client.workflow.getHandle(runId).signal('vote', { gate, choice, who: second, reason: 'seen the evidence' });
  }

  /** The run when it has ended. */
  async run(id = makeRunWorkflowId(this.name)): Promise<Played> {
    return this.ended(id);
  }

  async dryRun(): Promise<Played> {
    return this.ended(makeDryRunWorkflowId(this.name));
  }

  /** The site answers again. */
  siteReturns(): void {
    this.estate.dead.delete(this.lost);
  }

  /** The watch when it has ended. */
  async watch(): Promise<Played> {
    return this.ended(this.watchId);
  }

  async cancelWatch(): Promise<void> {
    await this.stage.env.client.workflow.getHandle(this.watchId).cancel();
  }

  /** So much is said to the watch that it goes on in a new history, at its next look. */
  async floodWatch(): Promise<Played> {
    const handle = this.stage.env.client.workflow.getHandle(this.watchId);
    const { runId } = await handle.describe();
    for (let at = 0; at < 1_000; at += 50) await Promise.all(Array.from({ length: 50 }, () => handle.signal(supersedeSignal, { reason: 'a word' })));
    this.estate.agentAnswers.add(this.lost);
    await until('the watch goes on in a new history', async () => ((await handle.describe()).runId === runId ? undefined : true), 60);
    await handle.cancel();
    return { workflowId: this.watchId, runId };
  }

  private async ended(workflowId: string): Promise<Played> {
    const handle = this.stage.env.client.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    await until(`${workflowId} has ended`, async () => ((await handle.describe()).status.name === 'RUNNING' ? undefined : true), 60);
    return { workflowId, runId };
  }
}

/** Nobody waits a quarter of an hour for a gate that expires. */
function impatient(plan: Plan): Plan {
  const { regionalFailover: procedure } = plan.procedures;
  const gates = procedure.gates.map((gate) => (gate.id === 'activation' ? { ...gate, deadline: 'PT2S' } : gate));
  return { ...plan, procedures: { ...plan.procedures, regionalFailover: { ...procedure, gates } } };
}

export const scenes: readonly Scene[] = [
  {
    ends: ['recovered', 'watch-fenced'],
    async play(actors) {
      await actors.start();
      await actors.vote('approve');
      const run = await actors.run();
      actors.siteReturns();
      return [run, await actors.watch()];
    },
  },
  {
    ends: ['recovered-with-exceptions', 'watch-ended-by-people'],
    async play(actors) {
      actors.estate.failOnce('readWriters', noSuchUnit());
      await actors.start();
      await actors.vote('approve');
      const run = await actors.run();
      await actors.cancelWatch();
      return [run, await actors.watch()];
    },
  },
  {
    ends: ['stood-down'],
    async play(actors) {
      await actors.start();
      await actors.vote('reject');
      return [await actors.run()];
    },
  },
  {
    ends: ['expired'],
    plan: impatient,
    async play(actors) {
      await actors.start();
      return [await actors.run()];
    },
  },
  {
    ends: ['undone', 'watch-ended-by-undo'],
    async play(actors) {
      actors.estate.fenceProvable = false;
      await actors.start();
      await actors.vote('approve');
      await actors.vote('undo', 'accepted-risk');
      return [await actors.run(), await actors.watch()];
    },
  },
  {
    ends: ['aborted', 'watch-of-an-older-epoch'],
    async play(actors) {
      actors.estate.failOnce('startService', noSuchUnit());
      await actors.start();
      await actors.vote('approve', 'activation');
      await actors.vote('abort', 'failed-step');
      const run = await actors.run();
      actors.estate.epochs.set(actors.lost, { epoch: 99, holder: 'recovery/newer' });
      actors.siteReturns();
      return [run, await actors.watch()];
    },
  },
  {
    ends: ['cancelled'],
    async play(actors) {
      actors.estate.fenceProvable = false;
      const runId = await actors.start();
      await actors.vote('approve', 'activation');
      await actors.gate('accepted-risk');
      await actors.stage.env.client.workflow.getHandle(runId).cancel();
      return [await actors.run()];
    },
  },
  {
    ends: ['stopped-and-resumed', 'watch-continued'],
    async play(actors) {
      const { client } = actors.stage;
      const runId = await actors.start();
      await actors.gate();
      await client.stop(runId, { who, reason: 'look first' });
      await actors.vote('approve');
      await until('it is held', async () => {
        const view = await client.status(runId);
        return view.state === 'running' && view.status.stopped !== null && view.status.gate === null ? true : undefined;
      });
      await client.resume(runId, { who, reason: 'looked' });
      const run = await actors.run();
      return [run, await actors.floodWatch()];
    },
  },
  {
    ends: ['dry-run', 'assessment', 'estate-check'],
    async play(actors) {
      const { client, plan } = actors.stage;
      const estate = plan.plan.estate.name;
      await actors.start('dry-run');
      const dryRun = await actors.dryRun();
      await client.assess({ estate, from: actors.lost });
      await client.checkEstate({ estate });
      return [dryRun, await actors.run(`assessment/${estate}/${actors.lost}`), await actors.run(`estate-check/${estate}`)];
    },
  },
];
