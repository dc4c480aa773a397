/** What the page shows, in its order, as plain text and pictures; the template only puts it in place. Pure. */
import { oneOfEach, writersOf } from '../../plan/rules/servers.ts';
import { wayOf } from '../../plan/rules/places.ts';
import { formatSeconds } from '../../plan/durations.ts';
import { awayParts, awayTitle, clockParts, stillAway } from '../clock-words.ts';
import { type FunctionRecord, type GateRecord, type Outcome, type Report, type ServerRecord, type StepRecord, titles } from '../report.ts';
import {
  addendumLines, changedBeyond, changesTitle, dataLost, decided, ended, isMeasured, judged, movedNothing, money, objectives, origin, recordedNote, refusalLines, rpoVerdict, rtoVerdict, secondsOr, serverRows, shortfalls, terms,
  timeOfDay, totalCost, type Verdict,
} from '../words.ts'; // prettier-ignore
import { drawClock, drawObjectives, objectivesOf } from './clock-picture.ts';
import { courseOf, drawTimeline } from './timeline-picture.ts';

/** How something is marked, by a colour and a sign beside its words. */
type Tone = 'good' | 'warn' | 'bad' | 'plain';

const signs: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✗', plain: '' };
const marked = (tone: Tone) => ({ tone, sign: signs[tone] });

const toneOfOutcome: Readonly<Record<Outcome, Tone>> = {
  recovered: 'good',
  'recovered with exceptions': 'warn',
  done: 'good',
  'done with exceptions': 'warn',
  'stood down': 'plain',
  aborted: 'bad',
  failed: 'bad',
};

export function viewOf(report: Report) {
  return {
    title: `${ended(report)}: ${wayOf(report.places)}`,
    outcome: { text: ended(report), ...marked(report.open ? 'plain' : toneOfOutcome[report.outcome]) },
    dryRun: report.mode === 'dry-run',
    route: wayOf(report.places),
    summary: report.summary,
    day: report.startedAt.slice(0, 10),
    facts: factsOf(report),
    titles,
    exceptions: report.exceptions,
    leftovers: report.leftovers,
    course: courseView(report),
    clock: clockView(report),
    functions: report.functions.length === 0 ? null : functionsView(report),
    gates: report.gates.map(gateView),
    refusals: refusalLines(report),
    leftOut: report.leftOut ?? [],
    addendum: addendumLines(report),
    steps: report.steps.map(stepView),
    servers: serverRows(report).map((row) => ({ ...row, ...marked(toneOfServer(row.observed)) })),
    changesTitle: changesTitle(report),
    changes: report.changes,
    timeline: report.timeline.map(({ at, text }) => ({ at, time: timeOfDay(at), text })),
    run: runView(report),
    origin: { text: origin(report), digest: report.plan.digest, note: recordedNote },
  };
}

/** The four answers that everybody asks for first. */
function factsOf(report: Report) {
  const { clock, loss } = report;
  return [
    {
      term: 'Data lost',
      ...headed(dataLost(report)),
      ...marked(movedNothing(report) ? 'plain' : loss.kind === 'proven 0' ? 'good' : loss.kind === '0 unless' ? 'plain' : 'warn'),
    },
    { term: awayTitle(clock), ...awayParts(clock, timeOfDay), ...marked(isMeasured(report) && stillAway(clock) ? 'bad' : 'plain') },
    { term: 'Objectives', text: objectives(report), note: '', ...marked(toneOfObjectives(report)) },
    { term: 'Can write now', ...writersNow(report.servers.observed) },
  ];
}

/** The figure is read at a glance, what it assumes below it. */
function headed({ text, note }: ReturnType<typeof dataLost>): ReturnType<typeof dataLost> {
  const [figure = '', assumption] = text.split(/(?<=^0 unless,) /);
  return assumption === undefined ? { text, note } : { text: figure, note: `${assumption}. ${note.charAt(0).toUpperCase()}${note.slice(1)}` };
}

function toneOfObjectives(report: Report): Tone {
  if (report.functions.length === 0 || !isMeasured(report)) return 'plain';
  return shortfalls(report).length > 0 ? 'bad' : 'good';
}

function writersNow(observed: readonly ServerRecord[]) {
  if (observed.length === 0) return { text: 'not observed by this run', note: '', ...marked('plain') };
  const kinds = (['database', 'cache'] as const).filter((kind) => observed.some(({ server }) => server === kind));
  const writers = writersOf(kinds, observed);
  const lines = writers.map(
    ({ server, sites, unknown }) => `${server}: ${sites.join(' and ') || 'none'}${unknown.length > 0 ? `, unknown at ${unknown.join(' and ')}` : ''}`,
  );
  return { text: lines.join('; '), note: '', ...marked(oneOfEach(writers) ? 'good' : 'bad') };
}

function courseView(report: Report) {
  if (report.steps.length === 0) return null;
  const course = courseOf(report);
  const moments = course.moments.map(({ name, at }) => `${name} after ${formatSeconds(at)}`);
  const gates = course.rows.filter(({ kind }) => kind === 'gate').length;
  const alt = `${counted(report.steps.length, 'step')} and ${counted(gates, 'question')} over ${formatSeconds(course.seconds)} from ${course.from}. ${moments.join(', ')}. The table of steps has the same figures.`;
  const has = (...results: StepRecord['result'][]) => report.steps.some(({ result }) => results.includes(result));
  return { svg: drawTimeline(course), alt, asked: gates > 0, failed: has('failed'), skipped: has('skipped', 'undone') };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function clockView(report: Report) {
  const { clock } = report;
  if (!clock) return null;
  const parts = clockParts(clock).map(({ seconds, ...part }) => ({ ...part, time: formatSeconds(seconds) }));
  const targets = isMeasured(report) ? objectivesOf(report) : [];
  const objectiveText = targets.map(({ names, text }) => `${names.join(', ')}: ${text}`).join('. ');
  return {
    svg: drawClock(clock),
    alt: parts.map(({ name, time }) => `${name} ${time}`).join(', '),
    parts,
    total: secondsOr(clock.totalSeconds),
    people: formatSeconds(clock.peopleSeconds),
    since: awayParts(clock, timeOfDay).note,
    objectives: targets.length === 0 ? null : { svg: drawObjectives(clock, targets), alt: objectiveText },
  };
}

function functionsView(report: Report) {
  const total = totalCost(report.functions);
  return {
    rows: report.functions.map((entry) => ({
      name: entry.name,
      tier: entry.tier,
      state: { text: entry.status, ...marked(toneOfStatus(entry.status)) },
      rto: verdictView(rtoVerdict(report, entry)),
      rpo: verdictView(rpoVerdict(report, entry)),
      cost: entry.cost ? money(entry.cost) : '–',
      differences: entry.differences,
    })),
    cost: total === '' ? null : total,
  };
}

function toneOfStatus(status: FunctionRecord['status']): Tone {
  if (status === 'ok') return 'good';
  return status === 'failed' ? 'bad' : 'warn';
}

const toneOfJudgement: Readonly<Record<Verdict['judgement'], Tone>> = {
  met: 'good',
  unknown: 'warn',
  missed: 'bad',
  'not reached': 'bad',
  'still open': 'plain',
  'not measured': 'plain',
};

function verdictView(verdict: Verdict) {
  return { ...verdict, ...marked(toneOfJudgement[verdict.judgement]) };
}

function gateView(gate: GateRecord) {
  return {
    question: gate.question,
    decided: decided(gate),
    terms: terms(gate),
    electorate: gate.electorate.join(', '),
    votes: gate.votes.map((vote) => ({
      time: timeOfDay(vote.at),
      who: vote.who || 'somebody',
      choice: vote.choice,
      reason: vote.reason,
      channel: vote.channel,
      judged: judged(vote),
      ...marked(vote.result === 'counted' ? 'good' : vote.result === 'void' ? 'warn' : 'bad'),
    })),
    changedBeyond: changedBeyond(gate),
    votesCast: gate.votes.length > 0,
  };
}

const toneOfResult: Readonly<Record<StepRecord['result'], Tone>> = {
  running: 'plain',
  done: 'good',
  failed: 'bad',
  skipped: 'warn',
  undone: 'warn',
  'would do': 'plain',
};

function stepView(step: StepRecord) {
  return {
    name: step.name,
    phase: step.phase,
    result: step.critical ? step.result : `${step.result} (optional)`,
    ...marked(toneOfResult[step.result]),
    began: timeOfDay(step.startedAt),
    took: step.durationSeconds === undefined ? '–' : formatSeconds(step.durationSeconds),
    people: step.waitedForPeopleSeconds > 0 ? formatSeconds(step.waitedForPeopleSeconds) : null,
    evidence: step.evidence,
  };
}

function toneOfServer(state: string): Tone {
  if (state === 'unknown') return 'bad';
  return state === 'writer' ? 'good' : 'plain';
}

function runView(report: Report) {
  return [
    { term: 'Run', text: `${report.runId}, epoch ${report.epoch}` },
    { term: 'Estate', text: report.estate },
    { term: 'Mode', text: report.mode },
    { term: 'Started by', text: report.startedBy },
    { term: 'From', text: report.startedAt },
    { term: 'To', text: report.endedAt },
    { term: 'Point of no return', text: report.pointOfNoReturnAt ?? 'not passed' },
  ];
}
