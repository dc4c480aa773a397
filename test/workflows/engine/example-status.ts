/** A run at its activation gate. */
import type { RunStatus } from '../../../workflows/wire/messages.ts';

const at = '2026-02-02T10:05:00.000Z';

export const exampleStatus: RunStatus = {
  runId: 'recovery/shop',
  estate: 'shop',
  procedure: 'regionalFailover',
  mode: 'live',
  phase: 'deciding',
  places: { failed: ['east'], source: 'east', target: 'west' },
  startedAt: at,
  at,
  epoch: 0,
  stopped: null,
  forecast: 'within RTO so far: 5 min 00 s of 30 min 00 s; at most 17 min 30 s by the bounds of the steps ahead',
  rtoEndsAt: '2026-02-02T10:30:00.000Z',
  failedSince: '2026-02-02T10:00:00.000Z',
  gate: {
    gate: 'activation-3f9c2a',
    question: 'Fail over shop from east to west?',
    openedAt: at,
    quorum: 2,
    electorate: ['anna', 'ben'],
    votes: [],
    choices: ['approve: fence east, promote west', 'reject: stand down'],
    deadlineAt: '2026-02-02T10:20:00.000Z',
    evidence: ['east: failed'],
    evidenceAt: at,
    exampleVote: { gate: 'activation-3f9c2a', choice: 'approve', who: 'your-id', reason: 'say why' },
  },
  ifNobodyDecides: 'the run stands down and changes nothing',
  refused: ['10:04:00Z mallory by signal: mallory is not among those who decide here.'],
  steps: [],
  pendingSteps: ['fence-site'],
  pendingStepNames: ['Fence the failed site'],
  loss: null,
  changes: [],
  exceptions: [],
  leftovers: [],
  timeline: [],
  outcome: null,
};
