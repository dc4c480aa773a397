/** A report with something in each of its parts. */
import type { Report } from '../../report/report.ts';
import { outageClock } from '../../report/clock-words.ts';

const at = (time: string): string => `2026-02-02T${time}Z`;

export const exampleReport: Report = {
  runId: 'recovery/example',
  estate: 'example',
  procedure: 'regionalFailover',
  mode: 'live',
  open: false,
  outcome: 'recovered with exceptions',
  summary: 'eu-central-1 has taken over from us-east-1.',
  plan: { name: 'erlmcp', version: '3.0.0', digest: 'ab'.repeat(32) },
  places: { failed: ['us-east-1'], source: 'us-east-1', target: 'eu-central-1' },
  startedBy: 'alice-johnson',
  startedAt: at('10:00:10.000'),
  endedAt: at('10:02:00.000'),
  epoch: 7,
  pointOfNoReturnAt: at('10:00:57.000'),
  clock: {
    kind: 'outage',
    failedSince: at('10:00:00.000'),
    failedSinceBasis: 'observed',
    detectionSeconds: 14,
    decisionSeconds: 40,
    executionSeconds: 8.4,
    routingSeconds: 3.2,
    routingMethod: 'data-plane',
    ttlSeconds: 30,
    totalSeconds: 95.6,
    peopleSeconds: 40,
  },
  loss: { kind: 'proven 0', proof: 'ap-southeast-1 was synchronous' },
  exceptions: ['update-monitoring was skipped: the API | does not answer'],
  leftovers: ['us-east-1 is fenced by replication only.'],
  servers: {
    predicted: [
      { site: 'us-east-1', server: 'database', state: 'fenced', how: 'fenced by this run' },
      { site: 'eu-central-1', server: 'database', state: 'writer', how: 'promoted by this run' },
    ],
    observed: [
      { site: 'us-east-1', server: 'database', state: 'fenced', how: 'by replication' },
      { site: 'eu-central-1', server: 'database', state: 'writer', how: 'a write was accepted' },
    ],
  },
  functions: [
    {
      id: 'customer-api',
      name: 'Customer API',
      tier: 1,
      status: 'ok',
      rtoSeconds: { target: 1800, achieved: 95.6 },
      rpoSeconds: { target: 900, achieved: { kind: 'proven 0', proof: 'ap-southeast-1 was synchronous' } },
      cost: { amount: 3.03, currency: 'USD' },
      differences: [],
    },
    {
      id: 'analytics',
      name: 'Analytics dashboard',
      tier: 2,
      status: 'degraded',
      rtoSeconds: { target: 60, achieved: 95.6 },
      rpoSeconds: { target: 3600, achieved: { kind: 'at most', seconds: 2, bytes: 512, basis: 'heartbeat' } },
      cost: { amount: 0.76, currency: 'USD' },
      differences: ['Drill-down is missing.'],
    },
  ],
  steps: [
    {
      id: 'confirm-failure',
      name: 'Confirm the failure',
      phase: 'detecting',
      result: 'done',
      startedAt: at('10:00:10.000'),
      endedAt: at('10:00:14.000'),
      durationSeconds: 4,
      evidence: 'two kinds',
      waitedForPeopleSeconds: 0,
      critical: true,
    },
    {
      id: 'update-monitoring',
      name: 'Tell the monitoring',
      phase: 'closing',
      result: 'skipped',
      startedAt: at('10:01:50.000'),
      evidence: 'skipped by people',
      waitedForPeopleSeconds: 5,
      critical: false,
    },
  ],
  gates: [
    {
      gate: 'activation-3f9c2a',
      question: 'Fail over now?',
      openedAt: at('10:00:14.000'),
      closedAt: at('10:00:54.000'),
      decision: 'approve',
      quorum: 2,
      electorate: ['jane-smith', 'john-doe', 'bob-wilson'],
      identity: 'asserted',
      votes: [
        {
          gate: 'activation-3f9c2a',
          choice: 'approve',
          who: 'jane-smith',
          reason: 'customers are down',
          at: at('10:00:30.000'),
          channel: 'update',
          result: 'counted',
          note: '',
        },
        {
          gate: 'activation-3f9c2a',
          choice: 'approve',
          who: 'mallory',
          reason: '',
          at: at('10:00:40.000'),
          channel: 'signal',
          result: 'refused',
          note: 'mallory may not vote here.',
        },
      ],
    },
  ],
  timeline: [{ at: at('10:00:10.250'), text: 'Started by alice-johnson.' }],
  changes: ['database of eu-central-1 promoted to timeline 2'],
};

/** A report of a run that did nothing. */
export const emptyReport: Report = {
  ...exampleReport,
  outcome: 'stood down',
  summary: 'Nothing was done.',
  pointOfNoReturnAt: null,
  clock: null,
  exceptions: [],
  leftovers: [],
  servers: { predicted: [], observed: [] },
  functions: [],
  steps: [],
  gates: [],
  timeline: [],
  changes: [],
};

/** A report of a run that found the site alive, after a first failed look. */
export const stoodDownReport: Report = {
  ...exampleReport,
  outcome: 'stood down',
  summary: 'us-east-1 is alive. Nothing was changed.',
  pointOfNoReturnAt: null,
  clock: { ...outageClock(exampleReport)!, decisionSeconds: 0, executionSeconds: 0, routingSeconds: 0, ttlSeconds: 0, totalSeconds: 'not reached' },
  loss: { kind: 'unknown', reason: 'the run ended before the loss was counted' },
  exceptions: [],
  leftovers: [],
  servers: { predicted: [], observed: [] },
  functions: exampleReport.functions.map(({ id, name, tier, ...entry }) => ({
    id,
    name,
    tier,
    status: 'not verified',
    differences: [],
    rtoSeconds: { ...entry.rtoSeconds, achieved: 'not reached' },
    rpoSeconds: { ...entry.rpoSeconds, achieved: { kind: 'unknown', reason: 'the run ended before the loss was counted' } },
  })),
  steps: exampleReport.steps.slice(0, 1),
  gates: [],
  changes: [],
};

const hostile = `<script>alert(1)</script> "quoted" 'single' a | b & <b>bold</b> {{summary}} javascript:alert(1)\n# heading`;

/** A report into which somebody has put what a browser or a table might take for more than text. */
export const hostileReport: Report = {
  ...exampleReport,
  summary: hostile,
  exceptions: [hostile],
  leftovers: [hostile],
  servers: { predicted: [], observed: exampleReport.servers.observed.map((server) => ({ ...server, how: hostile })) },
  functions: exampleReport.functions.map((entry) => ({ ...entry, name: hostile, differences: [hostile] })),
  steps: exampleReport.steps.map((step) => ({ ...step, name: hostile, evidence: hostile })),
  gates: exampleReport.gates.map((gate) => ({
    ...gate,
    question: hostile,
    votes: gate.votes.map((vote) => ({ ...vote, choice: hostile, reason: hostile, note: hostile })),
  })),
  timeline: [{ at: exampleReport.startedAt, text: hostile }],
  changes: [hostile],
};
