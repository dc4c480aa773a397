/** The course of a run as a picture: steps as bars by phase, questions with their votes, the point of no return. Pure. */
import type { CustomSeriesRenderItem } from 'echarts/types/dist/echarts';
import { formatSeconds } from '../../plan/durations.ts';
import { beganAt } from '../clock-words.ts';
import { chosen, type GateRecord, type Phase, type Report, type StepRecord } from '../report.ts';
import { oneLine, timeOfDay } from '../words.ts';
import { draw, pictureWidth, textStyle } from './drawing.ts';
import { markEvery } from './scale.ts';

const rowHeight = 22;
const left = 440;
const right = 40;
const top = 56;
const bottom = 44;
const namesFrom = 92;
/** Names that are longer are cut: the table of steps has them whole. */
const nameLengthMax = 52;

/** A line of the picture; times in seconds since its left edge. */
export interface Row {
  readonly kind: 'step' | 'gate';
  readonly phase: Phase;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Words behind the bar. */
  readonly label: string;
  readonly result: StepRecord['result'] | 'asked';
  readonly votes: readonly { readonly at: number; readonly counted: boolean }[];
}

/** A moment that cuts through all rows. */
export interface Moment {
  readonly at: number;
  readonly name: string;
  readonly key: 'failed' | 'forward' | 'served';
}

export interface Course {
  /** What the left edge is; RFC 3339. */
  readonly from: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly moments: readonly Moment[];
}

/** What the picture shows. A long silence before the run is left out: the clock has it. */
export function courseOf(report: Report): Course {
  const started = Date.parse(report.startedAt);
  const began = report.clock && beganAt(report.clock);
  const failed = began ? Date.parse(began.at) : started;
  const total = report.clock?.totalSeconds;
  const served = typeof total === 'number' ? failed + total * 1000 : undefined;
  const ended = Math.max(Date.parse(report.endedAt), served ?? 0);
  const begin = failed < started && started - failed <= 0.3 * (ended - started) ? failed : started;
  const since = (at: string | number): number => Math.max(0, ((typeof at === 'number' ? at : Date.parse(at)) - begin) / 1000);
  const moments: Moment[] = [
    ...(began && failed >= begin ? [{ at: since(failed), name: began.name, key: 'failed' } as const] : []),
    ...(report.pointOfNoReturnAt === null ? [] : [{ at: since(report.pointOfNoReturnAt), name: 'point of no return', key: 'forward' } as const]),
    ...(served === undefined ? [] : [{ at: since(served), name: 'last customer served again', key: 'served' } as const]),
  ];
  return { from: new Date(begin).toISOString(), seconds: Math.max(since(ended), 0.1), rows: rowsOf(report, since), moments };
}

/** Steps in the order in which they began, each question behind the step that put it. */
function rowsOf(report: Report, since: (at: string) => number): Row[] {
  const steps = report.steps.map((step) => stepRow(step, since, report.endedAt));
  const gates = report.gates.filter(({ decision }) => decision !== 'not asked').map((gate) => gateRow(gate, since, report.endedAt));
  return gates.reduce((rows, gate) => {
    const at = rows.findLastIndex((row) => row.from <= gate.from);
    const phase = rows[Math.max(at, 0)]?.phase ?? 'deciding';
    return rows.toSpliced(at + 1, 0, { ...gate, phase });
  }, steps);
}

function stepRow(step: StepRecord, since: (at: string) => number, endedAt: string): Row {
  const took = step.durationSeconds === undefined ? '' : formatSeconds(step.durationSeconds);
  const label = [took, ...(step.result === 'done' ? [] : [step.result])].filter((part) => part !== '').join(', ');
  const from = since(step.startedAt);
  return {
    kind: 'step',
    phase: step.phase,
    name: oneLine(step.name),
    from,
    to: Math.max(from, since(step.endedAt ?? endedAt)),
    label,
    result: step.result,
    votes: [],
  };
}

function gateRow(gate: GateRecord, since: (at: string) => number, endedAt: string): Row {
  const from = since(gate.openedAt);
  const to = Math.max(from, since(gate.closedAt ?? endedAt));
  const votes = gate.votes.map(({ at, result }) => ({ at: since(at), counted: result === 'counted' }));
  return {
    kind: 'gate',
    phase: 'deciding',
    name: oneLine(gate.question),
    from,
    to,
    label: `${oneLine(chosen(gate))}, ${formatSeconds(to - from)}`,
    result: 'asked',
    votes,
  };
}

/** The picture as SVG. */
export function drawTimeline(course: Course): string {
  const { rows, seconds } = course;
  const height = top + bottom + rows.length * rowHeight;
  const every = markEvery(seconds, 7);
  const label = (value: number) => `${formatSeconds(value)}\n${timeOfDay(new Date(Date.parse(course.from) + value * 1000).toISOString()).slice(0, 8)}`;
  const axisLine = { lineStyle: { color: 'var(--line)' } };
  return draw(
    {
      grid: { left, right, top, bottom },
      xAxis: {
        type: 'value',
        min: 0,
        max: seconds,
        interval: every,
        axisLabel: { color: 'var(--soft)', fontFamily: 'inherit', lineHeight: 15, showMaxLabel: false, formatter: label },
        splitLine: axisLine,
        axisLine: { show: false },
        axisTick: { show: false },
      },
      yAxis: { type: 'value', inverse: true, min: 0, max: Math.max(rows.length, 1), show: false },
      series: [
        { type: 'custom', silent: true, data: phasesOf(rows), renderItem: drawPhase(rows), z: 1 },
        { type: 'custom', silent: true, data: course.moments.map(({ at }) => [at, 0]), renderItem: drawMoment(course), z: 2 },
        { type: 'custom', silent: true, data: rows.map(({ from, to }, index) => [from, index, to]), renderItem: drawRow(rows), z: 3 },
      ],
    },
    height,
  );
}

/** Rows of the same phase in one run, as [0, first row, number of rows]. */
function phasesOf(rows: readonly Row[]): number[][] {
  const starts = rows.flatMap((row, index) => (row.phase === rows[index - 1]?.phase ? [] : [index]));
  return starts.map((start, index) => [0, start, (starts[index + 1] ?? rows.length) - start]);
}

function drawPhase(rows: readonly Row[]): CustomSeriesRenderItem {
  return ({ dataIndex }, api) => {
    const first = Number(api.value(1));
    const y = top + first * rowHeight;
    const height = Number(api.value(2)) * rowHeight;
    return {
      type: 'group',
      children: [
        { type: 'rect', shape: { x: 0, y, width: pictureWidth, height }, style: { fill: groundOf(dataIndex) } },
        { type: 'text', style: { ...textStyle, x: 8, y: y + rowHeight / 2, text: rows[first]?.phase ?? '', verticalAlign: 'middle', fill: 'var(--soft)', fontWeight: 600 } },
      ],
    }; // prettier-ignore
  };
}

/** Phases change their ground in turns. */
function groundOf(phaseIndex: number): string {
  return phaseIndex % 2 === 0 ? 'var(--band)' : 'var(--page)';
}

/** Lines through all rows, their names above: the first lowest, so that no line crosses the name of a later one, which stands before it. */
function drawMoment({ moments, rows }: Course): CustomSeriesRenderItem {
  return ({ dataIndex }, api) => {
    const moment = moments[dataIndex];
    const x = api.coord([Number(api.value(0)), 0])[0] ?? left;
    const level = top - 12 - dataIndex * 16;
    const beyondMiddle = x > left + (pictureWidth - left - right) / 2;
    const colour = `var(--${moment?.key ?? 'failed'})`;
    return {
      type: 'group',
      children: [
        { type: 'line', shape: { x1: x, y1: level - 6, x2: x, y2: top + rows.length * rowHeight }, style: { stroke: colour, lineWidth: 1.5, lineDash: moment?.key === 'forward' ? [] : [4, 3] } },
        { type: 'text', style: { ...textStyle, fill: colour, fontWeight: 600, text: moment?.name ?? '', x: beyondMiddle ? x - 5 : x + 5, y: level, align: beyondMiddle ? 'right' : 'left', verticalAlign: 'middle' } },
      ],
    }; // prettier-ignore
  };
}

const barMin = 3;

function drawRow(rows: readonly Row[]): CustomSeriesRenderItem {
  // Labels cover the lines that would run through them, with the colour of the phase that they stand on.
  const grounds = phasesOf(rows).flatMap(([, , count = 0], index) => Array<string>(count).fill(groundOf(index)));
  return ({ dataIndex }, api) => {
    const row = rows[dataIndex];
    if (!row) return null;
    const [x = 0, y = 0] = api.coord([row.from, dataIndex + 0.5]);
    const width = Math.max(barMin, (api.coord([row.to, 0])[0] ?? x) - x);
    const gate = row.kind === 'gate';
    const name = { ...textStyle, text: short(row.name), x: namesFrom, y, verticalAlign: 'middle', fontStyle: gate ? 'italic' : 'normal' } as const;
    const bar = gate ? { fill: 'var(--people-soft)', stroke: 'var(--people)', lineWidth: 1, lineDash: [3, 2] } : { fill: `var(--${colourOf(row.result)})` };
    const votes = row.votes.map(({ at, counted }) => drawVote(api.coord([at, 0])[0] ?? x, y, counted));
    return {
      type: 'group',
      children: [
        { type: 'text', style: name },
        { type: 'rect', shape: { x, y: y - 7, width, height: 14, r: 2 }, style: bar },
        {
          type: 'text',
          style: {
            ...textStyle,
            ...beside(x, width, row.label),
            y,
            text: row.label,
            verticalAlign: 'middle',
            backgroundColor: grounds[dataIndex] ?? 'none',
            padding: [1, 2],
          },
        },
        ...votes,
      ],
    };
  };
}

function short(name: string): string {
  return name.length <= nameLengthMax ? name : `${name.slice(0, nameLengthMax - 1).trimEnd()}…`;
}

/** A label stands behind its bar, or before it where it would leave the picture. */
function beside(x: number, width: number, label: string): { x: number; align: 'left' | 'right' } {
  const room = pictureWidth - (x + width) - 6;
  return room > label.length * 7 ? { x: x + width + 8, align: 'left' } : { x: x - 8, align: 'right' };
}

/** Counted votes are full diamonds, refused and void ones crosses. */
function drawVote(x: number, y: number, counted: boolean) {
  return counted
    ? { type: 'polygon' as const, shape: { points: [[x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]] }, style: { fill: 'var(--people)', stroke: 'var(--page)', lineWidth: 1 } }
    : { type: 'path' as const, shape: { pathData: `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x + 4} ${y - 4}L${x - 4} ${y + 4}` }, style: { fill: 'none', stroke: 'var(--bad)', lineWidth: 2 } }; // prettier-ignore
}

function colourOf(result: Row['result']): 'step' | 'bad' | 'warn' | 'idle' {
  if (result === 'failed') return 'bad';
  if (result === 'skipped' || result === 'undone') return 'warn';
  return result === 'would do' ? 'idle' : 'step';
}
