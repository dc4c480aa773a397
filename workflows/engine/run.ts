/**
 * A run: what all procedures share. It keeps the steps, the stop switch, the undo list, the gate and the epoch, and tells people where it is.
 * A procedure is a list of `await run.step('id', body)`; see `regional-failover.ts`.
 */
import { condition, isCancellation } from '@temporalio/workflow';
import type { RunContext } from '../../activities/context.ts';
import { seconds } from '../../plan/durations.ts';
import { membersOf } from '../../plan/rules/people.ts';
import type { Gate, Plan, PlanSnapshot, Procedure, ProcedureName, SiteId, Step } from '../../plan/schema.ts';
import type { Mode, Phase, StepRecord, TimelineEntry } from '../../report/report.ts';
import { toolsFor } from './activity-proxies.ts';
import { now } from './clock.ts';
import { RunEnding, settle } from './endings.ts';
import { describe, failure, holdsNothing, isTechnical, whyNothingIsHeld } from './failures.ts';
import { failedStepQuestion } from './failed-step.ts';
import { type LeftOut, leavesOut } from './left-out.ts';
import { type Decision, GateDesk, type GateEvidence, type Question, type Terms, voters } from './gate.ts';
import { noGravity } from './gravity.ts';
import { modes, type ModeRules } from './modes.ts';
import { keepShortfalls } from './shortfalls.ts';
import { Refusals } from './refusals.ts';
import { StopSwitch } from './stop-switch.ts';
import { type OpenRecord, openRecord, tellIn } from './step-record.ts';
import type { Alteration, DryRun, StepBody, UndoBody } from './step-body.ts';

interface Undo extends UndoBody {
  readonly step: string;
}

/** Facts about the start of a run that never change. */
export interface RunStart {
  readonly runId: string;
  /** `<workflow id>@<run id>`. */
  readonly execution: string;
  readonly procedure: ProcedureName;
  readonly from: SiteId;
  readonly mode: Mode;
  readonly startedBy: string;
  readonly startedAt: string;
}

export class Run {
  readonly start: RunStart;
  readonly rules: ModeRules;
  readonly desk: GateDesk;
  /** What was said to the run and came to nothing. */
  readonly refusals: Refusals;
  readonly steps: StepRecord[] = [];
  readonly timeline: TimelineEntry[] = [];
  /** Changes made so far, or in a dry run those that would be made. */
  readonly changes: string[] = [];
  readonly exceptions: string[] = [];
  readonly leftovers: string[] = [];
  phase: Phase = 'detecting';
  epoch = 0;
  readonly stopSwitch: StopSwitch;
  /** When the run passed its point of no return; null while it can be taken back. */
  pointOfNoReturnAt: string | null = null;
  /** The plan that the run works on; null before it is loaded. */
  planSnapshot: PlanSnapshot | null = null;
  private readonly undos: Undo[] = [];
  /** With what a branch of steps side by side has ended the run, while the others are still settled. */
  private ending: { readonly error: unknown } | null = null;
  /** Called whenever something changed that people should see. */
  onChange: () => void = () => undefined;

  constructor(start: RunStart) {
    this.start = start;
    this.rules = modes[start.mode];
    const changed = () => this.onChange();
    this.refusals = new Refusals(now, changed);
    this.desk = new GateDesk(this.refusals, now, changed);
    this.stopSwitch = new StopSwitch(this.refusals, (text) => this.note(text), now, changed);
  }

  use(snapshot: PlanSnapshot): void {
    this.planSnapshot = snapshot;
    this.stopSwitch.use(snapshot);
  }

  /** Who holds the run by the stop switch; null while nobody does. */
  get stopped(): StopSwitch['stopped'] {
    return this.stopSwitch.stopped;
  }

  get forwardOnly(): boolean {
    return this.pointOfNoReturnAt !== null;
  }

  get plan(): Plan {
    if (!this.planSnapshot) throw new RunEnding('failed', 'The run has no plan yet.', false);
    return this.planSnapshot.plan;
  }

  get procedure(): Procedure {
    return this.plan.procedures[this.start.procedure];
  }

  /** What activities are told about the run. */
  context(): RunContext {
    const { runId, execution, from } = this.start;
    return { runId, execution, from, planDigest: this.planSnapshot?.digest ?? '', epoch: this.epoch };
  }

  note(text: string): void {
    this.timeline.push({ at: now(), text });
    this.onChange();
  }

  enter(phase: Phase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.onChange();
  }

  /**
   * One line of the runbook. What is transient is tried again until the step's bound; when the step fails for good, people choose.
   * An optional step that fails is noted as an exception, and the run goes on.
   */
  async step<T>(id: string, body: StepBody<T>): Promise<T> {
    const step = this.planned(id);
    await this.askBefore(step);
    return this.attemptUntilDone(step, body);
  }

  private async attemptUntilDone<T>(step: Step, body: StepBody<T>): Promise<T> {
    if ('would' in body && this.rules.changes === 'print') return this.print(step, body);
    for (;;) {
      if ('changes' in body) await this.beforeChange(step, body.undo ? { undo: body.undo } : {});
      const attempt = await this.attempt(step, body);
      if (attempt.ok) {
        if ('changes' in body) this.noteChange(step, body.found(attempt.value), attempt.asked);
        keepShortfalls(this, attempt.value);
        return attempt.value;
      }
      const choice = await this.afterFailure(step, 'otherwise' in body, attempt.error);
      if (choice === 'skip') return body.otherwise as T;
    }
  }

  /** Puts a question of the plan's procedure to people. In a dry run it is only written down. */
  async ask(question: Question): Promise<Decision> {
    const terms = this.terms(question.gate);
    if (this.rules.gates === 'show') {
      this.desk.show(question, terms);
      this.note(`Would ask ${terms.quorum} of ${voters(terms).join(', ')}: ${question.question}`);
      return { kind: 'decided', choice: Object.keys(question.choices)[0] ?? '', acceptedSeconds: question.acceptAtLeast ?? 0, at: now() };
    }
    this.note(`Asked: ${question.question}`);
    const decision = await this.desk.ask(question, terms);
    this.note(decision.kind === 'decided' ? `Decided: ${decision.choice}.` : decision.kind === 'expired' ? 'Nobody decided in time: expired.' : decision.why);
    return decision;
  }

  /** Time in which the run waited for people, counted once where questions wait side by side; seconds. */
  get peopleSeconds(): number {
    return this.desk.waitedSeconds(this.start.startedAt, now());
  }

  /** Takes back everything undoable, the latest first. Each undo is tried even when another one failed. */
  async takeBack(): Promise<void> {
    this.enter('undoing');
    for (const undo of this.undos.splice(0).reverse()) {
      const record = this.begin({ ...this.planned(undo.step), name: `Take back: ${undo.would}` });
      const less: string[] = [];
      try {
        const answered = (result: unknown) => void less.push(...keepShortfalls(this, result));
        const tools = toolsFor(`Take back: ${undo.would}`, seconds(this.planned(undo.step).bound), { answered, tell: tellIn(record, () => this.onChange()) });
        // Quick tries only: a target that is dead by now must not keep the old primary closed for its whole bound.
        const left = await undo.act({ ...tools, change: tools.changeOnce });
        this.end(record, left.length === 0 ? 'undone' : 'failed', [...(left.length === 0 ? [undo.would] : left), ...less].join(' · '));
        if (left.length === 0) this.changes.push(`Taken back: ${undo.would}`);
        else this.exceptions.push(`Not taken back: ${undo.would}. ${left.join(' · ')}`);
      } catch (error) {
        this.end(record, 'failed', describe(error));
        this.exceptions.push(`Not taken back: ${undo.would}. ${describe(error)}`);
      }
    }
  }

  /** Steps of the plan that have not begun. */
  pendingSteps(): string[] {
    if (!this.planSnapshot) return [];
    const begun = new Set(this.steps.map((step) => step.id));
    return this.procedure.steps.filter((step) => !begun.has(step.id)).map((step) => step.id);
  }

  /** From here on nothing is taken back. A run that goes on where an earlier one ended may pass the point before it has changed anything. */
  passPointOfNoReturn(why: string): void {
    if (this.forwardOnly) return;
    this.pointOfNoReturnAt = now();
    this.undos.length = 0;
    this.note(why);
  }

  /**
   * Steps that run side by side; `after` names for a step those that must be done first, and then its gate is asked when its turn comes; the other gates are asked before any.
   * All are settled before an ending counts, so that none still changes things when an undo begins; what has not begun by then does not begin, and is not asked about.
   */
  async together<T extends Record<string, unknown>>(
    bodies: { readonly [Id in keyof T & string]: StepBody<T[Id]> | LeftOut },
    { after }: { readonly after?: Readonly<Partial<Record<NoInfer<keyof T & string>, readonly NoInfer<keyof T & string>[]>>> } = {},
  ): Promise<void> {
    const ids = (Object.keys(bodies) as (keyof T & string)[]).filter((id) => !leavesOut(this, id, bodies[id]));
    const begun = new Map<keyof T, Promise<unknown>>();
    for (const id of ids) if (!after?.[id]) await this.askBefore(this.planned(id));
    for (const id of ids) {
      const body = bodies[id] as unknown as StepBody<unknown>;
      const earlier = after?.[id]?.filter((other) => ids.includes(other)).map((other) => begun.get(other) ?? mustStandBefore(other, id));
      const branch = earlier ? Promise.all(earlier).then(() => this.unlessEnding(() => this.step(id, body))) : this.attemptUntilDone(this.planned(id), body);
      begun.set(
        id,
        branch.catch((error: unknown) => {
          this.ending ??= { error };
          throw error;
        }),
      );
    }
    await settle(...begun.values());
  }

  /** Does something unless a branch beside it has ended the run. */
  private unlessEnding<R>(what: () => R): R {
    if (this.ending) throw this.ending.error;
    return what();
  }

  /** Bound of a step of the plan, in seconds. */
  boundOf(id: string): number {
    return seconds(this.planned(id).bound);
  }

  private planned(id: string): Step {
    const step = this.procedure.steps.find((candidate) => candidate.id === id);
    if (!step) {
      throw failure('permanent', {
        happened: `The plan's procedure ${this.start.procedure} has no step "${id}".`,
        leftAs: 'Nothing was changed by it.',
        next: 'Add the step to the plan, run dr plan check, and start again.',
      });
    }
    return step;
  }

  private async beforeChange(step: Step, body: Pick<Alteration<unknown>, 'undo'>): Promise<void> {
    await this.hold(`before "${step.name}"`);
    if (step.id === this.procedure.pointOfNoReturn) this.passPointOfNoReturn('Point of no return: from here on the run only goes forward.');
    if (body.undo && !this.forwardOnly && !this.undos.some((undo) => undo.step === step.id)) this.undos.push({ step: step.id, ...body.undo });
  }

  /** From here on nothing holds the run: it ends. */
  close(): void {
    this.ending = null;
    this.stopSwitch.close();
  }

  /** The stop switch: waits while it is thrown; throws when a branch beside it has ended the run. A step waits here itself when what it knows may grow too old meanwhile. */
  async hold(where: string): Promise<void> {
    this.unlessEnding(() => undefined);
    if (!this.stopped) return;
    this.note(`Held ${where}: stopped by ${this.stopped.who}.`);
    // Who throws it again in the same moment in which it is lifted holds the run still.
    while (this.stopped) {
      await condition(() => this.stopped === null || this.ending !== null);
      this.unlessEnding(() => undefined);
    }
  }

  /** What a step has changed, if it asked for a change. One that failed may have taken effect, and stands so until a repeat of it says what is. */
  private noteChange(step: Step, what: string | null, asked: boolean): void {
    const inDoubt = `${step.name}: failed, and may have taken effect`;
    const kept = this.changes.filter((change) => change !== inDoubt);
    if (!asked && kept.length === this.changes.length) return;
    this.changes.splice(0, Infinity, ...kept, what === null ? inDoubt : `${step.name}: ${what}`);
  }

  private async attempt<T>(step: Step, body: StepBody<T>): Promise<{ ok: true; value: T; asked: boolean } | { ok: false; error: unknown }> {
    const record = this.begin(step);
    let asked = false;
    const beforeChange = () => this.hold(`within "${step.name}"`).then(() => void (asked = true));
    try {
      const value = await body.act(toolsFor(step.name, seconds(step.bound), { beforeChange, tell: tellIn(record, () => this.onChange()) }));
      this.end(record, 'done', body.found(value));
      return { ok: true, value, asked };
    } catch (error) {
      if ('changes' in body && asked) this.noteChange(step, null, true);
      this.end(record, 'failed', describe(error));
      if (error instanceof RunEnding || isCancellation(error) || !isTechnical(error)) throw error;
      return { ok: false, error };
    }
  }

  private print<T>(step: Step, body: DryRun<T>): T {
    if (step.id === this.procedure.pointOfNoReturn) this.note('Point of no return: a live run would only go forward from here.');
    this.end(this.begin(step), 'would do', `Would ${body.would}.`);
    this.changes.push(`Would ${body.would}.`);
    return body.predicted;
  }

  private async afterFailure(step: Step, canSkip: boolean, error: unknown): Promise<'retry' | 'skip'> {
    const text = describe(error);
    if (holdsNothing(error)) throw new RunEnding('aborted', whyNothingIsHeld(error), false);
    if (!step.critical && canSkip) {
      this.exceptions.push(`Optional step failed: ${step.name}. ${text}`);
      return 'skip';
    }
    const evidence: GateEvidence = { lines: [text, this.changedSoFar], at: now(), gravity: noGravity };
    const moot = () => (this.ending ? 'the run ends by another decision' : null);
    const decision = await this.ask(failedStepQuestion({ step, canSkip, forwardOnly: this.forwardOnly, evidence, moot }));
    if (decision.kind === 'settled') this.unlessEnding(() => undefined);
    if (this.rules.gates === 'show') return this.afterFailureInDryRun(step, canSkip, text);
    if (decision.kind !== 'decided')
      throw new RunEnding('failed', `"${step.name}" failed and nobody decided in time. ${this.leftAs} ${text}`, !this.forwardOnly);
    if (decision.choice === 'undo') throw new RunEnding('aborted', `People chose to take the run back after "${step.name}" failed. ${text}`, true);
    if (decision.choice === 'abort')
      throw new RunEnding('aborted', `People aborted the run after "${step.name}" failed; everything stays as it is. ${text}`, false);
    if (decision.choice === 'skip') {
      this.exceptions.push(`Skipped: ${step.name}. ${text}`);
      const last = this.steps.findLastIndex((record) => record.id === step.id);
      const failed = this.steps[last];
      if (failed) this.steps[last] = { ...failed, result: 'skipped' };
      return 'skip';
    }
    return 'retry';
  }

  /** Nobody answers in a dry run: what failed is noted, and the run goes on where it can. */
  private afterFailureInDryRun(step: Step, canSkip: boolean, text: string): 'skip' {
    this.exceptions.push(`A live run would stop at "${step.name}" and ask. ${text}`);
    if (!canSkip) throw new RunEnding('stood down', `The dry run ends at "${step.name}", which failed: nothing was changed. ${text}`, false);
    return 'skip';
  }

  private async askBefore(step: Step): Promise<void> {
    if (!step.gateBefore) return;
    const decision = await this.ask({
      gate: step.gateBefore,
      question: this.gateOf(step.gateBefore).question,
      choices: { approve: `go on with "${step.name}"`, reject: 'end the run here' },
      evidence: { lines: [`Next comes "${step.name}".`, this.changedSoFar], at: now(), gravity: noGravity },
    });
    if (decision.kind === 'decided' && decision.choice === 'approve') return;
    throw new RunEnding('stood down', `The gate before "${step.name}" was not passed. ${this.leftAs} Start again to ask again.`, !this.forwardOnly);
  }

  /** What an ending that takes back what it can leaves. */
  get leftAs(): string {
    if (this.forwardOnly) return 'Everything stays as it is.';
    return this.changes.length === 0 ? 'Nothing was changed.' : 'Everything done so far is taken back.';
  }

  private get changedSoFar(): string {
    return this.changes.length === 0 ? 'Nothing has been changed so far.' : `Changed so far: ${this.changes.join(' · ')}`;
  }

  private gateOf(id: string): Gate {
    const gate = this.procedure.gates.find((candidate) => candidate.id === id);
    if (!gate) throw failure('permanent', { happened: `The plan has no gate "${id}".`, leftAs: 'Nothing was asked.', next: 'Run dr plan check.' });
    return gate;
  }

  private terms(gateId: string): Terms {
    const gate = this.gateOf(gateId);
    return {
      electorate: membersOf(this.plan, gate.electorate),
      startedBy: this.start.startedBy,
      quorum: gate.quorum,
      deadlineSeconds: seconds(gate.deadline),
      evidenceMaxAgeSeconds: seconds(this.plan.estate.detection.evidenceMaxAge),
      planDigest: this.planSnapshot?.digest ?? '',
    };
  }

  private begin(step: Step): OpenRecord {
    const record = openRecord(step, this.phase, now());
    this.steps.push(record);
    this.onChange();
    return record;
  }

  private end(record: OpenRecord, result: StepRecord['result'], evidence: string): void {
    const endedAt = now();
    const durationSeconds = (Date.parse(endedAt) - Date.parse(record.startedAt)) / 1000;
    const waitedForPeopleSeconds = this.desk.waitedSeconds(record.startedAt, endedAt);
    Object.assign(record, { result, evidence, endedAt, durationSeconds, waitedForPeopleSeconds });
    this.timeline.push({ at: endedAt, text: `${record.name}: ${result}. ${evidence}` });
    this.onChange();
  }
}

/** A fault in the procedure, which fails the workflow task: one that waited for a later step would not wait at all. */
function mustStandBefore(other: string, id: string): never {
  throw new Error(`"${id}" is to come after "${other}", which stands behind it. Write "${other}" first.`);
}
