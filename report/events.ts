/** The events that leave the system, by CloudEvents 1.0: their types, and what identifies them. Pure. */

/** Prefix of every type. A reverse DNS name would be the custom; the project has no domain. */
const prefix = 'dr-orchestrator';

/** Type, subject and meaning of each event; `data` names its fields. */
export const eventTypes = {
  serviceMoved: {
    type: `${prefix}.service.moved`,
    subject: 'site that serves now',
    data: 'status (`failover_active`), from, to, run',
    meaning: 'The service runs at another site. Posted to the monitoring by the step update-monitoring.',
  },
  runStarted: { type: `${prefix}.run.started`, subject: 'none', data: 'procedure, mode, places, startedBy, plan', meaning: 'A run began.' },
  gateOpened: { type: `${prefix}.gate.opened`, subject: 'gate', data: 'question, quorum, electorate, identity', meaning: 'People were asked.' },
  voteCounted: { type: `${prefix}.vote.counted`, subject: 'gate', data: 'who, choice, reason, channel, note', meaning: 'A vote counted.' },
  voteRefused: {
    type: `${prefix}.vote.refused`,
    subject: 'gate',
    data: 'who, choice, reason, channel, note',
    meaning: 'A vote was refused; the note says why.',
  },
  voteVoid: {
    type: `${prefix}.vote.void`,
    subject: 'gate',
    data: 'who, choice, reason, channel, note',
    meaning: 'A vote that counted became void by worse evidence.',
  },
  gateDecided: {
    type: `${prefix}.gate.decided`,
    subject: 'gate',
    data: 'question, decision, answer',
    meaning: 'The gate closed: by a choice, with what was typed after it, as `expired`, or as `stopped`.',
  },
  stepEnded: {
    type: `${prefix}.step.ended`,
    subject: 'step',
    data: 'name, result, critical, evidence, durationSeconds, waitedForPeopleSeconds',
    meaning: 'A step ended, well or not; in a dry run, was printed.',
  },
  runEnded: { type: `${prefix}.run.ended`, subject: 'none', data: 'outcome, summary, loss, clock, exceptions, leftovers', meaning: 'A run ended.' },
} as const;

export type EventName = keyof typeof eventTypes;

/** The `source` of every event of a run: its estate and its workflow id. Runs of an estate share it, their event ids do not. */
export function sourceOf(estate: string, runId: string): string {
  // A URI reference, whatever the estate is called.
  const inPath = (text: string) => text.split('/').map(encodeURIComponent).join('/');
  return `/estates/${inPath(estate)}/runs/${inPath(runId)}`;
}
