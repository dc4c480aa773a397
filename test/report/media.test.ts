/**
 * Goal: no text from outside forges a line, acts on a terminal, or becomes HTML, a heading or a link, wherever it stands and wherever it is shown. Method: each text of a report, of a status, of
 * an estate check, of an assessment and of a mail takes each hostile text in turn; what is rendered must have the shape that it has with a harmless word.
 */
import { describe, expect, it } from 'vitest';
import { render } from '../../activities/communication/render.ts';
import { renderEstateMetrics } from '../../client/cli/formats/prometheus.ts';
import { guarded, type Io, printJson } from '../../client/cli/io.ts';
import { renderAssessment } from '../../client/cli/views/assessment.ts';
import { renderEstate } from '../../client/cli/views/estate.ts';
import { renderRestorePoints } from '../../client/cli/views/restore-points.ts';
import { renderView } from '../../client/cli/views/status.ts';
import { filledPlaceholders } from '../../plan/rules/messages.ts';
import { renderCloudEvents } from '../../report/formats/cloud-events.ts';
import { renderJUnit } from '../../report/formats/junit.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import type { Report } from '../../report/report.ts';
import { detailsOf } from '../../workflows/engine/details.ts';
import type { AssessmentResult, EstateCheck, RestorePointsFound, RunStatus } from '../../workflows/wire/messages.ts';
import { hostileTexts } from '../simulation/messages.ts';
import { exampleStatus } from '../workflows/engine/example-status.ts';
import { exampleReport } from './example.ts';

/** What nothing from outside may bring along: controls but the line break, what turns the direction of writing, what hides. */
// oxlint-disable-next-line no-control-regex -- controls are what it looks for
const acts = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u00ad\ufeff\u{e0000}-\u{e007f}]/u;
const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

/** The shape of a rendering: what must be the same whatever a text says. */
type Shape = (rendered: string) => Readonly<Record<string, unknown>>;
const lines: Shape = (text) => ({ acts: acts.test(text), lines: count(text, /\n/g) });
const markdown: Shape = (text) => ({
  ...lines(text),
  tags: count(text, /<[a-z!/?]/gi),
  headings: count(text, /^\s*#/gm),
  rules: count(text, /^\s*(?:---|===|\*\*\*)/gm),
  items: count(text, /^\s*(?:[-+*] |\d+[.)] )/gm),
  quotes: count(text, /^\s*>/gm),
  fences: count(text, /^\s*```/gm),
  links: count(text, /(?<!\\)\]\(|(?<!\\):\/\/|\bwww\.|(?<![\\`])@/g),
  cells: count(text, /(?<!\\)(?:\\\\)*\|/g),
});
const html: Shape = (text) => ({
  acts: acts.test(text),
  tags: count(text.replace(/<svg[\s\S]*?<\/svg>/g, ''), /<[a-z]/gi),
  scripts: count(text.replace(/"[^"]*"/g, '""'), /<(?:script|img|iframe)|<[^>]*\son\w+=/gi),
});
const xml: Shape = (text) => ({
  ...lines(text),
  tags: count(text.replace(/<!\[CDATA\[[\s\S]*?\]\]>|"[^"]*"/g, ''), /<[a-z]|\]\]>/gi),
  impossible: /[\uFFFE\uFFFF]|\p{Cs}/u.test(text),
});
const json: Shape = (text) => ({ ...lines(text), entries: (JSON.parse(text) as unknown[]).length });
const metrics: Shape = (text) => ({ ...lines(text), labels: count(text, /[{,]\w+="(?:[^"\\\n]|\\.)*"(?=[,}])/g) });

const report: Report = {
  ...exampleReport,
  gates: exampleReport.gates.map((gate) => ({ ...gate, changedBeyond: { count: 2, first: gate.votes[0]!, last: gate.votes[0]!, sha256: 'ab' } })),
  refusals: {
    kept: [{ at: exampleReport.startedAt, name: 'stop', channel: 'signal', who: 'mallory', note: 'nobody in the plan' }],
    beyond: {
      count: 3,
      first: { at: exampleReport.startedAt, name: 'stop', channel: 'signal', who: 'mallory', note: 'first' },
      last: { at: exampleReport.endedAt, name: 'vote', channel: 'update', who: 'mallory', note: 'last' },
      sha256: 'ab',
    },
  },
  leftOut: ['2 entries'],
  addendum: { at: exampleReport.endedAt, site: exampleReport.places.source, text: 'counted', notTold: 'no answer' },
};
const { at } = exampleStatus;
const status: RunStatus = {
  ...exampleStatus,
  stopped: { who: 'anna', reason: 'wait', at },
  gate: {
    ...exampleStatus.gate!,
    votes: [{ gate: 'g', choice: 'approve', who: 'anna', reason: 'seen', at, channel: 'signal', result: 'refused', note: 'no' }],
  },
  steps: report.steps,
  loss: { kind: 'unknown', reason: 'no heartbeat' },
  changes: ['west was promoted'],
  exceptions: ['no mail was sent'],
  leftovers: ['east is to be fenced'],
  timeline: [{ at, text: 'Asked' }],
};
const check = {
  what: 'database',
  as: 'dr',
  result: 'lacking' as const,
  detail: 'no answer',
  steps: ['promote'],
  add: { where: 'pg_hba.conf', line: 'host all' },
};
const estate = { at, planDigest: 'ab', sites: [{ site: 'west', checks: [check] }], shared: [check] } as unknown as EstateCheck;
const restorable = {
  at,
  planDigest: 'ab',
  sites: [
    {
      site: 'west',
      found: true,
      tool: 'files',
      sets: [
        {
          set: 'a',
          startedAt: at,
          stoppedAt: at,
          timeline: 1,
          bytes: 1,
          logBytes: 1,
          version: '15',
          systemIdentifier: '7',
          earliest: at,
          latest: at,
          unusable: 'broken',
        },
      ],
      unreadable: [{ set: 'b', reason: 'cut off' }],
      at,
    },
    { site: 'east', found: false, reason: 'no answer' },
  ],
  snapshots: [
    {
      site: 'west',
      store: 'cache',
      found: true,
      snapshots: [{ set: 'c', at, bytes: 1, version: '7', unusable: 'broken' }],
      unreadable: [{ set: 'd', reason: 'cut off' }],
      at,
    },
    { site: 'east', store: 'cache', found: false, reason: 'no answer' },
  ],
} as unknown as RestorePointsFound;
const assessment: AssessmentResult = {
  at,
  from: 'east',
  verdict: 'failed',
  vantages: [{ observer: 'worker', kind: 'orchestrator', verdict: 'failed', detail: 'connection refused', failingSince: at }],
  failedSince: at,
  score: 80,
  scoreParts: ['tier 1: 40'],
  escalationLevel: 2,
  sourceRuleAction: 'fail over',
  restartInPlace: { eligible: false, reason: 'it does not answer' },
  targets: [
    {
      site: 'west',
      eligible: true,
      reasons: ['it streams'],
      lagBytes: 1,
      lastMessageAgeSeconds: 1,
      estimatedLoss: { kind: 'unknown', reason: 'x' },
      estimatedSeconds: 60,
    },
  ],
  recommendation: 'west',
  records: ['a second record'],
};
const mail = Object.fromEntries(filledPlaceholders.map((name) => [name, 'word']));
const template = filledPlaceholders.map((name) => `${name}: {{${name}}} {{{${name}}}}`).join('\n');
const reader: Io = {
  environment: {},
  interactive: false,
  out: () => undefined,
  err: () => undefined,
  clear: () => undefined,
  redraw: () => undefined,
  onInterrupt: () => () => undefined,
};

/** A vote to copy stands between fences, where nothing is Markdown. */
const detailsText = (value: RunStatus): string => detailsOf(value).replace(/^```json\n[\s\S]*?^```$/m, '');

/** Every rendering, of what it is made, and its shape. */
const media: readonly { readonly name: string; readonly of: object; readonly show: (value: never) => string; readonly shape: Shape }[] = [
  { name: 'the report in Markdown', of: report, show: renderMarkdown, shape: markdown },
  { name: 'the report as a page', of: report, show: renderPage, shape: html },
  { name: 'the report as JUnit', of: report, show: renderJUnit, shape: xml },
  { name: 'the report as CloudEvents', of: report, show: renderCloudEvents, shape: json },
  {
    name: 'the end of a run on a terminal',
    of: report,
    show: (value: Report) => renderView({ state: 'ended', runId: value.runId, report: value }),
    shape: lines,
  },
  { name: 'a run on a terminal', of: status, show: (value: RunStatus) => renderView({ state: 'running', runId: value.runId, status: value }), shape: lines },
  { name: 'the details in Temporal UI', of: status, show: detailsText, shape: markdown },
  { name: 'an estate check on a terminal', of: estate, show: renderEstate, shape: (text) => ({ acts: acts.test(text) }) },
  { name: 'an estate check as metrics', of: estate, show: (value: EstateCheck) => renderEstateMetrics(value.sites[0]?.site ?? '', value), shape: metrics },
  {
    name: 'what can be restored on a terminal',
    of: restorable,
    show: (value: RestorePointsFound) => renderRestorePoints(value, { rpoSeconds: 300 }),
    shape: (text) => ({ acts: acts.test(text) }),
  },
  { name: 'an assessment on a terminal', of: assessment, show: renderAssessment, shape: lines },
  { name: 'a mail', of: mail, show: (value: Record<string, string>) => render(template, value), shape: lines },
];

/** Words of documented unions, and times: nobody outside writes them. */
const ours = new Set([
  'outcome',
  'mode',
  'phase',
  'result',
  'channel',
  'identity',
  'kind',
  'status',
  'state',
  'server',
  'failedSinceBasis',
  'verdict',
  'failedSince',
  'digest',
]);
const isTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT/.test(text);

/** The ways to every text in a value. */
function textsIn(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string') return isTime(value) || ours.has(way.at(-1) ?? '') ? [] : [way];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => textsIn(part, [...way, name]));
}

function withText<T>(value: T, [name, ...rest]: readonly string[], text: string): T {
  if (name === undefined) return text as T;
  if (Array.isArray(value)) return value.map((entry: unknown, index) => (String(index) === name ? withText(entry, rest, text) : entry)) as T;
  return { ...value, [name]: withText((value as Record<string, unknown>)[name], rest, text) };
}

describe.each(media)('$name', ({ of, show, shape }) => {
  const ways = textsIn(of);
  const shapeWith = (at: readonly (readonly string[])[], text: string) => shape(show(at.reduce((value, way) => withText(value, way, text), of) as never));
  const harmless = shapeWith(ways, 'harmless');

  it.each(Object.entries(hostileTexts))('holds %s', (name, text) => {
    // The details end where they are full, and their end is not of the same shape.
    if (show === (detailsText as never) && name === 'a long word') return;
    const found = shapeWith(ways, text);
    // Each by itself only where something has come through: it names the place.
    const through =
      JSON.stringify(found) === JSON.stringify(harmless)
        ? []
        : ways.filter((way) => JSON.stringify(shapeWith([way], text)) !== JSON.stringify(shapeWith([way], 'harmless')));
    expect(through.map((way) => way.join('.'))).toEqual([]);
    expect(found).toEqual(harmless);
  });
});

it('JSON for programs reads the same, and acts on no terminal', () => {
  let out = '';
  printJson(guarded({ ...reader, out: (text) => void (out += text) }), hostileTexts);
  expect(out).not.toMatch(acts);
  expect(JSON.parse(out)).toEqual(hostileTexts);
});

it('nothing that acts reaches a terminal, whoever made the text', () => {
  let shown = '';
  const io = guarded({ ...reader, out: (text) => void (shown += text), err: (text) => void (shown += text), redraw: (line) => void (shown += line) });
  for (const text of Object.values(hostileTexts)) {
    io.out(text);
    io.err(text);
    io.redraw(text);
  }
  expect(shown).not.toMatch(acts);
});
