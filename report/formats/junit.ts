/** A run as a JUnit file, for whatever shows tests: a case for its outcome, for each step, and for each function's RTO and RPO. */
import junitReportBuilder, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder';
import { forXml } from '../media/xml.ts';
import type { FunctionRecord, Report, StepRecord } from '../report.ts';
import { endedWell } from '../verdict.ts';
import { ended, notMeasured, rpoVerdict, rtoVerdict } from '../words.ts';

/** The library's types speak of a default export, and its code is the builder itself. */
const builder = junitReportBuilder as unknown as Builder;

/**
 * XML of the run. `failure`: it was tried and fell short (type `critical step`, `optional step`, `objective missed` or the outcome); `error`: nobody can tell; `skipped`: people left it
 * out, it only would be done, or there was nothing to measure. Why stands in the case's output.
 */
export function renderJUnit(recorded: Report): string {
  const report = forXml(recorded);
  const file = builder.newBuilder().name(`${report.procedure} of ${report.estate}`);
  const suite = (name: string): TestSuite => withProperties(file.testSuite().name(name).timestamp(report.startedAt), report);
  addOutcome(suite('run'), report);
  const steps = suite('steps');
  report.steps.forEach((step, index) => addStep(steps, report, step, attemptOf(report.steps, index)));
  const objectives = suite('objectives');
  for (const entry of report.functions) {
    addRto(objectives, report, entry);
    addRpo(objectives, report, entry);
  }
  return file.build();
}

function withProperties(suite: TestSuite, report: Report): TestSuite {
  const { runId, epoch, plan, mode } = report;
  return suite
    .property('run', runId)
    .property('epoch', String(epoch))
    .property('plan digest', plan.digest)
    .property('outcome', ended(report))
    .property('mode', mode);
}

function addOutcome(suite: TestSuite, report: Report): void {
  const found = suite.testCase().className(`${report.procedure}.run`).name('Outcome').time(secondsBetween(report.startedAt, report.endedAt));
  found.standardOutput([report.summary, ...report.exceptions, ...report.leftovers].join('\n'));
  if (report.open)
    found.skipped(); // what is not over is neither passed nor failed
  else if (!endedWell(report)) found.failure([report.summary, ...report.exceptions].join(' · '), report.outcome);
}

function addStep(suite: TestSuite, { procedure }: Report, step: StepRecord, attempt: number): void {
  const name = attempt === 1 ? step.name : `${step.name} (attempt ${attempt})`;
  const found = suite.testCase().className(`${procedure}.steps`).name(name).property('step', step.id).property('critical', String(step.critical));
  if (step.durationSeconds !== undefined) found.time(step.durationSeconds);
  found.standardOutput(`${step.result}: ${step.evidence}`);
  judgeStep(found, step);
}

function judgeStep(found: TestCase, { result, critical, evidence }: StepRecord): void {
  switch (result) {
    case 'done':
    // What is undone was taken back as it should be.
    case 'undone':
      return;
    case 'failed':
      found.failure(evidence, critical ? 'critical step' : 'optional step');
      return;
    case 'running':
      found.error('The step has not ended.', 'running');
      return;
    case 'skipped':
    case 'would do':
      found.skipped();
  }
}

/** Which time it is that the step was tried. */
function attemptOf(steps: readonly StepRecord[], index: number): number {
  const { id, name } = steps[index] ?? {};
  return steps.slice(0, index + 1).filter((step) => step.id === id && step.name === name).length;
}

function addRto(suite: TestSuite, report: Report, entry: FunctionRecord): void {
  const { target, achieved, judgement } = rtoVerdict(report, entry);
  const found = objectiveCase(suite, report, entry.id, `${entry.name}: RTO ${target}`);
  if (entry.rtoSeconds.achieved !== 'not reached') found.time(entry.rtoSeconds.achieved);
  if (skipUnmeasured(found, report)) return;
  found.standardOutput(`achieved: ${achieved}`);
  if (judgement !== 'met') found.failure(`The RTO is ${target}; achieved: ${achieved}.`, 'objective missed');
}

function addRpo(suite: TestSuite, report: Report, entry: FunctionRecord): void {
  const { target, achieved, judgement } = rpoVerdict(report, entry);
  const found = objectiveCase(suite, report, entry.id, `${entry.name}: RPO ${target}`);
  if (skipUnmeasured(found, report)) return;
  found.standardOutput(`lost: ${achieved}`);
  if (judgement === 'unknown') found.error(`The RPO is ${target}; lost: ${achieved}.`, 'loss unknown');
  else if (judgement !== 'met') found.failure(`The RPO is ${target}; lost: ${achieved}.`, 'objective missed');
}

/** True for a report without measured objectives: the case says why. */
function skipUnmeasured(found: TestCase, report: Report): boolean {
  const why = notMeasured(report);
  if (why === null) return false;
  found.standardOutput(`not measured: ${why}`);
  found.skipped();
  return true;
}

function objectiveCase(suite: TestSuite, { procedure }: Report, id: string, name: string): TestCase {
  return suite.testCase().className(`${procedure}.objectives`).name(name).property('function', id);
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
