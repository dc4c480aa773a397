/** Lives through one schedule of a procedure: the real workflows in the SDK's sandbox, the simulated server around them, the model estate under them, and people who vote. */
import { ApplicationFailure } from '@temporalio/common';
import type { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import type { Places } from '../../plan/rules/places.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { makeFenceOnReturnWorkflowId, makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import type { OpenGate, RunStatus } from '../../workflows/wire/messages.ts';
import { keepCoverage } from '../support/coverage.ts';
import { choicesOf, choiceWith, type Driven, inputOf, runbookOf, starterOf, wordFor } from '../driven/driven.ts';
import { randomFrom } from '../support/random.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { createSandbox } from './creator.ts';
import { SimulatedEstate } from './estate.ts';
import type { Execution } from './execution.ts';
import { jobsOf } from './messages.ts';
import { type Ballot, calm, type Disturbance, type Schedule, schedulesOf } from './schedule.ts';
import { type Fate, SimulatedServer, type World } from './server.ts';
import { executionOf, Witness } from './witness.ts';

export const startAt = Date.parse('2026-03-01T03:00:00Z');
const dayMilliseconds = 24 * 3600 * 1000;
/** A schedule that needs more events than this goes round in circles. */
const eventsMax = 20_000;

/** What all schedules of a procedure share in a process: the bundled workflows, and a plan with a shorter watch, during which nothing of interest happens. */
export class Simulations {
  readonly driven: Driven;
  readonly snapshot: PlanSnapshot;
  readonly places: Places;
  private readonly creator: ReusableVMWorkflowCreator;

  private constructor(driven: Driven, snapshot: PlanSnapshot, creator: ReusableVMWorkflowCreator) {
    this.driven = driven;
    this.snapshot = snapshot;
    this.places = driven.placesIn(snapshot.plan);
    this.creator = creator;
  }

  /** By default under the plan of the repository. */
  static async create(driven: Driven, load: () => Promise<PlanSnapshot> = erlmcpPlan): Promise<Simulations> {
    const { plan, digest } = await load();
    const runbook = { ...runbookOf(plan, driven.procedure), watch: 'PT1M' };
    // What people decide on is looked at again while they think.
    const detection = { ...plan.estate.detection, evidenceMaxAge: 'PT1M' };
    const procedures = { ...plan.procedures, [driven.procedure]: runbook };
    const snapshot = { digest, plan: { ...plan, estate: { ...plan.estate, detection }, procedures } };
    return new Simulations(driven, snapshot, await createSandbox(snapshot));
  }

  /** What may happen to its runs. */
  get schedules() {
    return schedulesOf(this.snapshot.plan, this.driven);
  }

  async live(schedule: Partial<Schedule>): Promise<Lived> {
    return new Simulation(this.creator, this, { ...calm, ...schedule }).live();
  }

  /** A server on which nothing runs yet. */
  server(world: World): SimulatedServer {
    return new SimulatedServer(this.creator, world, startAt);
  }
}

export interface Lived {
  readonly driven: Driven;
  /** What the first run was about. */
  readonly places: Places;
  /** Names of the activities that were tried, by the number of the attempt. */
  readonly attempts: readonly string[];
  readonly estate: SimulatedEstate;
  readonly server: SimulatedServer;
  readonly runs: readonly Execution[];
  /** Who started each run. */
  readonly startedBy: ReadonlyMap<string, string>;
  /** Reports of the runs that came to their end, in order. */
  readonly reports: readonly Report[];
  /** The same, with the name by which the run's calls are known. */
  readonly ended: readonly { readonly execution: string; readonly report: Report }[];
  readonly witness: Witness;
  /** A person had declared the sites failed against the probes. */
  readonly declared: boolean;
  /** Questions of all runs, also of those that were terminated. */
  readonly gates: readonly (GateRecord & { readonly execution: string })[];
  /** Runs that were started under an id that is not the estate's lock. */
  readonly strays: readonly Execution[];
  /** Whether a second start was ever let in. */
  readonly secondStarted: boolean;
  /** The open run when nothing more happened, and what it said; null when all ended. */
  readonly stuck: RunStatus | null;
}

class Simulation {
  readonly estate: SimulatedEstate;
  readonly server: SimulatedServer;
  private readonly schedule: Schedule;
  private readonly snapshot: PlanSnapshot;
  private readonly driven: Driven;
  private readonly places: Places;
  private readonly starter: string;
  private readonly ballots: Ballot[];
  private readonly runs: Execution[] = [];
  private readonly random: () => number;
  private readonly fates: ReadonlyMap<number, Fate>;
  private readonly failures: ReadonlyMap<number, boolean>;
  private failNext: boolean | null = null;
  private lastWrite = 0;
  private readonly witness: Witness;
  private readonly strays: Execution[] = [];
  /** Activities by the number of the attempt. */
  private readonly attempts: string[] = [];
  private asked = 0;
  private tried = 0;
  private voting = false;
  private secondStarted = false;

  constructor(creator: ReusableVMWorkflowCreator, { driven, places, snapshot }: Simulations, schedule: Schedule) {
    this.schedule = schedule;
    this.snapshot = snapshot;
    this.driven = driven;
    this.places = places;
    this.starter = starterOf(snapshot.plan, driven);
    this.ballots = [...schedule.ballots];
    this.random = randomFrom(schedule.pace);
    this.fates = new Map(schedule.fates.map(({ attempt, fate }) => [attempt, fate]));
    this.failures = new Map(schedule.failures.map(({ attempt, permanent }) => [attempt, permanent]));
    this.server = new SimulatedServer(
      creator,
      {
        act: (name, input) => this.act(name, input),
        fate: (attempt) => this.fate(attempt),
        asked: (...asked) => this.witness.ask(...asked),
        told: (...told) => this.witness.tell(...told),
        observe: () => this.observe(),
      },
      startAt,
    );
    this.witness = new Witness(() => this.server.now);
    this.estate = new SimulatedEstate(snapshot, () => this.server.now, this.random);
    const standbys = [...this.estate.databases.keys()].filter((site) => site !== this.estate.primary);
    this.estate.waitsFor = { one: standbys.slice(-1), 'any of two': standbys.slice(-2), none: [] }[schedule.synchronous];
    for (const kind of schedule.blind) this.estate.blind.add(kind);
  }

  async live(): Promise<Lived> {
    this.estate.customersWrite();
    this.estate.replicate(1);
    this.estate.customersWrite();
    for (const disturbance of this.schedule.already) await this.disturb(disturbance);
    for (const site of this.places.failed) {
      const lost = this.schedule.otherwise[site] ?? this.schedule.lost;
      if (lost === 'crash') this.estate.crash(site);
      if (lost === 'hang') this.estate.hang(site);
      if (lost === 'cut off') this.estate.cutOff(site);
    }
    this.server.jump(5_000);
    for (const { atSeconds, disturbance } of this.schedule.disturbances) this.server.after(atSeconds * 1000, () => this.disturb(disturbance));
    this.begin();
    await this.untilEnded();
    await this.letTheSitesReturn();
    await this.untilEnded(); // a run that was started meanwhile
    keepCoverage();
    return {
      driven: this.driven,
      places: this.places,
      estate: this.estate,
      attempts: this.attempts,
      server: this.server,
      runs: this.runs,
      startedBy: new Map(this.runs.map((run) => [executionOf(run), (run.start.input as { startedBy: string }).startedBy])),
      reports: this.ended().map(({ report }) => report),
      ended: this.ended(),
      witness: this.witness,
      strays: this.strays,
      declared: this.isDeclared,
      gates: await this.gates(),
      secondStarted: this.secondStarted,
      stuck: await this.stuck(),
    };
  }

  private get run(): Execution | undefined {
    return this.runs.findLast((run) => !run.closed);
  }

  private get isDeclared(): boolean {
    return this.schedule.declared && this.driven.declared !== undefined;
  }

  private begin(startedBy = this.starter): void {
    const input = inputOf(this.driven, this.snapshot.plan, { startedBy, ...(this.isDeclared ? this.driven.declared : {}) });
    const run = this.server.start(this.driven.procedure, makeRunWorkflowId(this.snapshot.plan.estate.name), input);
    if (!run) return;
    if (this.run) this.secondStarted = true;
    this.runs.push(run);
  }

  /** A second run beside the lock: it must be refused before it does anything. */
  private stray(): void {
    const run = this.server.start(this.driven.procedure, 'another-id', inputOf(this.driven, this.snapshot.plan, { startedBy: 'pager' }));
    if (run) this.strays.push(run);
  }

  /** Who holds runs and lets them go on. */
  private get somebody(): string {
    return this.snapshot.plan.people[0]?.id ?? '';
  }

  private async untilEnded(): Promise<void> {
    for (let events = 0; this.run; events++) {
      if (events > eventsMax || this.server.now > startAt + dayMilliseconds) return;
      await this.people(this.run);
      if (!(await this.server.step())) return;
    }
  }

  /** The sites that were lost come back in the end: the children that wait for them must fence them, and nobody else may write. */
  private async letTheSitesReturn(): Promise<void> {
    const { failed } = this.places;
    const children = failed.flatMap((site) => this.server.open(makeFenceOnReturnWorkflowId(this.snapshot.plan.estate.name, site)) ?? []);
    for (const site of failed) this.estate.comeBack(site);
    const until = this.server.now + 120_000;
    while (children.some((child) => !child.closed) && this.server.now < until) if (!(await this.server.step())) return;
    this.estate.customersWrite();
  }

  /** Votes while a question is open and nothing else goes on. */
  private async people(run: Execution): Promise<void> {
    const quiet = this.server.nextAt === null || this.server.nextAt - this.server.now > 500;
    if (this.voting || !quiet || run.activations === 0) return;
    const { gate, stopped } = await run.query<RunStatus>(this.server.now, 'status');
    if (stopped && !gate) return this.say(this.schedule.stoppedSeconds, () => this.server.signal(run, 'resume', { who: this.somebody, reason: 'go on' }));
    if (!gate) return;
    this.witness.show(run, gate);
    const ballot = this.ballots.shift() ?? this.inclined(gate);
    if (ballot) this.say(ballot.afterSeconds, () => this.cast(run, gate, ballot));
  }

  private say(afterSeconds: number, what: () => void): void {
    this.voting = true;
    this.server.after(afterSeconds * 1000, async () => {
      this.voting = false;
      what();
    });
  }

  private cast(run: Execution, gate: OpenGate, ballot: Ballot): void {
    const choice = choicesOf(gate)[ballot.choice] ?? 'maybe';
    const former = this.witness.shown.findLast((shown) => shown.gate.gate !== gate.gate)?.gate.gate ?? 'activation-000000';
    const vote = { gate: ballot.gate === 'another' ? former : gate.gate, choice, who: ballot.who, reason: 'seen' };
    const { meanwhile } = ballot;
    if (meanwhile) this.server.after(1_000, () => this.disturb(meanwhile));
    if (run.closed) return;
    if (ballot.channel === 'signal') this.server.signal(run, 'vote', vote);
    else this.server.update(run, `u${this.asked++}`, 'vote', vote);
  }

  /** Two people after one another say the same, until the gate has its quorum. */
  private inclined(gate: OpenGate): Ballot | null {
    if (this.schedule.inclination === 'silence') return null;
    // Who has asked for a retry so often goes on without, where that is offered, and gives up where it is not.
    const tired = gate.gate.startsWith('failed-step') && this.tried++ > 8;
    const skip = gate.choices.findIndex((offered) => offered.startsWith('skip:'));
    const last = gate.choices.length - 1;
    const choice = this.schedule.inclination === 'go back' ? last : !tired ? this.forward(gate) : skip >= 0 ? skip : last;
    const said = new Set(gate.votes.filter((vote) => vote.result === 'counted' && vote.choice === choicesOf(gate)[choice]).map((vote) => vote.who));
    const who = gate.electorate.find((person) => !said.has(person));
    return who === undefined ? null : { who, choice, gate: 'the open one', channel: 'signal', afterSeconds: 3 };
  }

  /** Which choice lets the run go on: what the procedure says of its own gates, and elsewhere what is offered first. */
  private forward(gate: OpenGate): number {
    const word = wordFor(this.driven, gate);
    return word === undefined ? 0 : choicesOf(gate).indexOf(choiceWith(gate, word));
  }

  private async disturb(disturbance: Disturbance): Promise<void> {
    const { estate, server, run } = this;
    switch (disturbance.what) {
      case 'crash':
        return estate.crash(disturbance.site);
      case 'cut off':
        return estate.cutOff(disturbance.site);
      case 'come back':
        return estate.comeBack(disturbance.site);
      case 'workers die':
        return server.killWorkers(disturbance.awaySeconds * 1000);
      case 'clock jumps':
        return server.jump(disturbance.seconds * 1000);
      case 'function breaks':
        return estate.breakFunction(disturbance.function);
      case 'functions are fixed':
        return estate.mendFunctions();
      case 'somebody promotes':
        return estate.promoteByHand(disturbance.server, disturbance.site);
      case 'cache loses keys':
        return estate.loseKeys(disturbance.site);
      case 'a newer run takes the sites':
        return estate.takeSites();
      case 'switch breaks':
        estate.dataPlaneWorks = false;
        return;
      case 'zone is silent':
        return estate.silenceZone();
      case 'zone answers':
        return estate.zoneAnswers();
      case 'start a second':
        return this.begin('pager');
      case 'start under another id':
        return this.stray();
      case 'a stranger resumes':
        return run && server.signal(run, 'resume', { who: 'mallory', reason: 'go on' });
      case 'messages come':
        return run && server.hear(run, jobsOf(disturbance.messages, this.witness.shown.at(-1)?.gate.gate ?? 'activation-000000'));
      case 'stop':
      case 'resume':
        return run && server.signal(run, disturbance.what, { who: this.somebody, reason: 'a look at the network' });
      case 'cancel':
        return run && server.cancel(run);
      case 'terminate and start again':
        if (run) server.terminate(run);
        return this.begin();
    }
  }

  private async act(name: string, input: unknown): Promise<unknown> {
    const permanent = this.failNext;
    this.failNext = null;
    if (permanent === null) return this.estate.act(name, input);
    throw ApplicationFailure.create({ message: `${name} failed`, type: permanent ? 'permanent' : 'transient', nonRetryable: permanent });
  }

  private fate({ name, number, input }: { readonly name: string; readonly number: number; readonly input: unknown }): { fate: Fate; milliseconds: number } {
    this.attempts.push(name);
    this.failNext = this.failures.get(number) ?? null;
    for (const { attempt, disturbance } of this.schedule.interruptions) if (attempt === number) this.server.after(5, () => this.disturb(disturbance));
    for (const { attempt, site } of this.schedule.returns) if (attempt === number) this.server.after(5, async () => this.estate.comeBack(site));
    const work = this.random() < 0.03 ? 4_000 * this.random() : 300 * this.random();
    return { fate: this.fates.get(number) ?? 'done', milliseconds: Math.ceil(this.estate.waitSeconds(name, input) * 1000 + work + 1) };
  }

  private observe(): void {
    if (this.server.now - this.lastWrite < 200) return;
    this.lastWrite = this.server.now;
    this.estate.replicate(0.5);
    this.estate.customersWrite();
  }

  private ended(): { execution: string; report: Report }[] {
    return this.runs.flatMap((run) => (run.closed?.how === 'completed' ? [{ execution: executionOf(run), report: run.closed.result as Report }] : []));
  }

  private async gates(): Promise<Lived['gates']> {
    const reports = await Promise.all(
      this.runs
        .filter((run) => run.activations > 0)
        .map(async (run) => {
          const report = await run.query<Report>(this.server.now, 'report').catch(() => null);
          return (report?.gates ?? []).map((gate) => ({ ...gate, execution: executionOf(run) }));
        }),
    );
    return reports.flat();
  }

  private async stuck(): Promise<RunStatus | null> {
    return this.run ? this.run.query<RunStatus>(this.server.now, 'status') : null;
  }
}
