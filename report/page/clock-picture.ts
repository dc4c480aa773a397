/** The clock as pictures: its parts side by side, and what they take of each objective. Pure. */
import type { CustomSeriesRenderItem } from 'echarts/types/dist/echarts';
import { formatSeconds } from '../../plan/durations.ts';
import type { Clock, Report } from '../report.ts';
import { clockParts } from '../clock-words.ts';
import { oneLine, rtoVerdict } from '../words.ts';
import { draw, pictureWidth, textStyle } from './drawing.ts';

/** The parts of the clock in one bar, each as long as it took. */
export function drawClock(clock: Clock): string {
  const segments = stack(clockParts(clock));
  const total = segments.at(-1)?.to ?? 0;
  const renderItem: CustomSeriesRenderItem = ({ dataIndex }, api) => {
    const segment = segments[dataIndex];
    const [from, to] = [api.coord([Number(api.value(0)), 0])[0] ?? 0, api.coord([Number(api.value(1)), 0])[0] ?? 0];
    if (!segment || to <= from) return null;
    const text = formatSeconds(segment.seconds);
    const fits = to - from > text.length * 7 + 4;
    return {
      type: 'group',
      children: [
        { type: 'rect', shape: { x: from, y: 24, width: to - from, height: 30 }, style: { fill: `var(--${segment.key})`, stroke: 'var(--page)', lineWidth: 1 } },
        ...(fits ? [{ type: 'text' as const, style: { ...textStyle, text, x: (from + to) / 2, y: 13, align: 'center' as const, verticalAlign: 'middle' as const } }] : []),
      ],
    }; // prettier-ignore
  };
  return draw(
    { ...plane(0, 0, Math.max(total, 0.1)), series: [{ type: 'custom', silent: true, data: segments.map(({ from, to }) => [from, to]), renderItem }] },
    60,
  );
}

/** Functions that share a target and what was achieved. */
export interface Objective {
  readonly target: number;
  readonly achieved: number | 'not reached';
  readonly names: readonly string[];
  readonly text: string;
  readonly met: boolean;
}

/** The strictest first. */
export function objectivesOf(report: Report): readonly Objective[] {
  const groups = new Map<string, Objective>();
  for (const entry of report.functions) {
    const { achieved, target, judgement } = rtoVerdict(report, entry);
    const key = `${entry.rtoSeconds.target} ${entry.rtoSeconds.achieved}`;
    const names = [...(groups.get(key)?.names ?? []), oneLine(entry.name)];
    groups.set(key, { ...entry.rtoSeconds, names, text: `${achieved} of ${target}: ${judgement}`, met: judgement === 'met' });
  }
  return [...groups.values()].sort((a, b) => a.target - b.target);
}

const rowHeight = 30;
const left = 330;
const right = 235;
/** A bar that needs more than this share of its target is cut off, and says so. */
const shareMax = 1.5;

/** A row for each objective: its target is the line, and the parts of the clock fill up to what was achieved. */
export function drawObjectives(clock: Clock, objectives: readonly Objective[]): string {
  const top = 26;
  const height = top + objectives.length * rowHeight + 6;
  const widest = Math.max(1, ...objectives.map(({ target, achieved }) => (achieved === 'not reached' ? 0 : achieved / target)));
  const end = Math.min(widest, shareMax) * 1.02;
  const renderItem: CustomSeriesRenderItem = ({ dataIndex }, api) => {
    const objective = objectives[dataIndex];
    if (!objective) return null;
    const y = top + dataIndex * rowHeight + rowHeight / 2;
    const xOf = (share: number): number => api.coord([Math.min(share, end), 0])[0] ?? left;
    const text = { ...textStyle, y, verticalAlign: 'middle' } as const;
    return {
      type: 'group',
      children: [
        { type: 'text', style: { ...text, text: namesOf(objective.names), x: left - 12, align: 'right', width: left - 24, overflow: 'truncate' } },
        { type: 'rect', shape: { x: xOf(0), y: y - 8, width: xOf(1) - xOf(0), height: 16 }, style: { fill: 'var(--band)', stroke: 'var(--line)', lineWidth: 1 } },
        ...fill(clock, objective).map(({ key, from, to }) => ({
          type: 'rect' as const, shape: { x: xOf(from), y: y - 8, width: Math.max(0, xOf(to) - xOf(from)), height: 16 }, style: { fill: `var(--${key})` },
        })),
        { type: 'line', shape: { x1: xOf(1), y1: y - 12, x2: xOf(1), y2: y + 12 }, style: { stroke: 'var(--text)', lineWidth: 2 } },
        { type: 'text', style: { ...text, text: objective.text, x: pictureWidth - right + 14, fill: objective.met ? 'var(--text)' : 'var(--bad)', fontWeight: objective.met ? 400 : 700 } },
      ],
    }; // prettier-ignore
  };
  const heading: CustomSeriesRenderItem = (_, api) => ({
    type: 'text',
    style: { ...textStyle, fill: 'var(--soft)', text: 'RTO', x: api.coord([1, 0])[0] ?? left, y: 12, align: 'center', verticalAlign: 'middle' },
  });
  const series = [
    { type: 'custom', silent: true, data: objectives.map((_, index) => [0, index]), renderItem },
    { type: 'custom', silent: true, data: [[0, 0]], renderItem: heading },
  ];
  return draw({ ...plane(left, right, end), series }, height);
}

interface Segment {
  readonly key: string;
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
}

function stack(parts: readonly { readonly key: string; readonly seconds: number }[]): readonly Segment[] {
  let at = 0;
  return parts.map(({ key, seconds }) => ({ key, seconds, from: at, to: (at += seconds) }));
}

/** The parts of the clock as shares of the target, up to what this function needed; what no part explains stands last. */
function fill(clock: Clock, { target, achieved }: Objective): readonly Pick<Segment, 'key' | 'from' | 'to'>[] {
  if (achieved === 'not reached') return [];
  const parts = stack(clockParts(clock)).map(({ key, from, to }) => ({ key, from: Math.min(from, achieved), to: Math.min(to, achieved) }));
  const explained = parts.at(-1)?.to ?? 0;
  return [...parts, { key: 'between', from: explained, to: achieved }]
    .filter(({ from, to }) => to > from)
    .map(({ key, from, to }) => ({ key, from: from / target, to: to / target }));
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 2).join(', ');
  return names.length > 2 ? `${shown} and ${names.length - 2} more` : shown;
}

/** A plane without marks, from 0 to `end`. */
function plane(fromLeft: number, fromRight: number, end: number) {
  return {
    grid: { left: fromLeft, right: fromRight, top: 0, bottom: 0 },
    xAxis: { type: 'value', min: 0, max: end, show: false },
    yAxis: { type: 'value', min: 0, max: 1, show: false },
  };
}
