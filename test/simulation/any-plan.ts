/** Whether a plan can be run: the sites die that a procedure is about, people agree with whatever they are asked, and nothing else goes wrong. The real workflow on the model of the plan's own estate. */
import type { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { membersOf } from '../../plan/rules/people.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan, PlanSnapshot } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import { makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import type { OpenGate, RunStatus } from '../../workflows/wire/messages.ts';
import { type Driven, inputOf, runbookOf } from '../driven/driven.ts';
import { createSandbox } from './creator.ts';
import { SimulatedEstate } from './estate.ts';
import type { Execution } from './execution.ts';
import { SimulatedServer } from './server.ts';

const startAt = Date.parse('2026-03-01T03:00:00Z');
/** What any step may need of a worker, a network and a disk in good order. */
const workMilliseconds = 50;
/** People who sit at the screen. */
const voteMilliseconds = 200;
/** A run that needs more goes round in circles. */
const eventsMax = 20_000;
/** A plan that can be run asks a few questions; one that cannot asks the same one again and again. */
const questionsMax = 8;

export class AnyPlan {
  private readonly driven: Driven;
  private readonly creator: ReusableVMWorkflowCreator;

  private constructor(driven: Driven, creator: ReusableVMWorkflowCreator) {
    this.driven = driven;
    this.creator = creator;
  }

  /** Runs plans by this procedure; `snapshot`: any of them. */
  static async create(driven: Driven, snapshot: PlanSnapshot): Promise<AnyPlan> {
    return new AnyPlan(driven, await createSandbox(snapshot));
  }

  /** One sentence for each thing that went wrong in a run of the plan to each of its targets. */
  async run(snapshot: PlanSnapshot): Promise<readonly string[]> {
    const { plan } = snapshot;
    const targets = plan.sites.filter((site) => site.role !== 'primary' && site.targetOf.some((name) => name === this.driven.procedure));
    const wrong: string[] = [];
    for (const { id } of targets) for (const sentence of await new OneRun(this.creator, this.driven, snapshot, id).live()) wrong.push(`to ${id}: ${sentence}`);
    return targets.length === 0 ? ['no run can be started: the plan has no target'] : wrong;
  }
}

class OneRun {
  private readonly server: SimulatedServer;
  private readonly estate: SimulatedEstate;
  private readonly driven: Driven;
  private readonly plan: Plan;
  private readonly places: Places;
  private voting = false;
  private questions = 0;
  private lastQuestion = '';

  constructor(creator: ReusableVMWorkflowCreator, driven: Driven, snapshot: PlanSnapshot, target: string) {
    this.driven = driven;
    this.plan = snapshot.plan;
    this.places = { ...driven.placesIn(snapshot.plan), target };
    this.server = new SimulatedServer(
      creator,
      {
        act: (name, input) => this.estate.act(name, input),
        fate: ({ name, input }) => ({ fate: 'done', milliseconds: Math.ceil(this.estate.waitSeconds(name, input) * 1000) + workMilliseconds }),
        asked: () => undefined,
        told: () => undefined,
        observe: () => undefined,
      },
      startAt,
    );
    this.estate = new SimulatedEstate(snapshot, () => this.server.now, Math.random);
    const standbys = [...this.estate.databases.keys()].filter((site) => site !== this.estate.primary);
    this.estate.waitsFor = standbys.slice(-1);
  }

  async live(): Promise<readonly string[]> {
    this.estate.customersWrite();
    this.estate.replicate(1);
    for (const site of this.places.failed) this.estate.crash(site);
    this.server.jump(5_000);
    const input = inputOf(this.driven, this.plan, { startedBy: 'somebody-else' }, this.places);
    const run = this.server.start(this.driven.procedure, makeRunWorkflowId(this.plan.estate.name), input);
    if (!run) return ['it was not started'];
    for (let events = 0; !run.closed; events++) {
      if (events > eventsMax) return [`it is not over after ${eventsMax} events`];
      if (this.questions > questionsMax) return [`people were asked ${this.questions} times, at last: ${this.lastQuestion}`];
      await this.people(run);
      if (!(await this.server.step())) return ['it waits for what never comes'];
    }
    return this.judge(run);
  }

  private judge({ closed }: Execution): readonly string[] {
    if (closed?.how !== 'completed') return [`it ended as ${closed?.how}: ${closed?.how === 'failed' ? closed.failure : ''}`];
    const { outcome, summary, exceptions } = closed.result as Report;
    const faults = outcome.startsWith(this.driven.goodEnd) ? this.driven.faultsWhenDone(this.estate, this.places) : [summary];
    return faults.length === 0 ? [] : [`it ended as ${outcome}: ${faults.join(', ')} ${exceptions.join(' ')}`];
  }

  private async people(run: Execution): Promise<void> {
    if (this.voting || run.activations === 0) return;
    const { gate } = await run.query<RunStatus>(this.server.now, 'status');
    if (!gate) return;
    this.voting = true;
    this.server.after(voteMilliseconds, async () => {
      this.voting = false;
      this.cast(run, gate);
    });
  }

  /** Everybody of the electorate at once, so that any quorum that the plan can reach is reached. */
  private cast(run: Execution, gate: OpenGate): void {
    this.questions += 1;
    this.lastQuestion = `${gate.gate}: ${gate.evidence.join(' ')}`;
    const choice = gate.choices[0]?.split(':')[0] ?? '';
    const named = runbookOf(this.plan, this.driven.procedure).gates.find(({ id }) => gate.gate.startsWith(`${id}-`));
    const people = gate.electorate.length > 0 ? gate.electorate : membersOf(this.plan, named?.electorate ?? []);
    for (const who of people) if (!run.closed) this.server.signal(run, 'vote', { gate: gate.gate, choice, who, reason: 'seen' });
  }
}
