/**
 * The client of the disaster recovery orchestrator, for other services and for the command line.
 *
 * ```ts
 * const client = await DrClient.connect();
 * const { runId } = await client.start('regionalFailover', { estate: 'shop', from: 'site-a', to: 'site-b', mode: 'live', startedBy: 'pager' });
 * ```
 */
export { DrClient } from './client.ts';
export type { RunView, Said, StartedRun } from './client.ts';
export type { ConnectOptions } from './connect.ts';
export { DrError } from './errors.ts';
export type { DrErrorKind } from './errors.ts';
export type { HistoricChange } from './history.ts';
export type { Release } from './releases.ts';
export type { StuckWorkflow } from './stuck.ts';
export { makeAssessmentWorkflowId, makeDryRunWorkflowId, makeRunWorkflowId, taskQueueOf } from '../workflows/wire/ids.ts';
export type {
  Assessment,
  AssessmentInput,
  AssessmentResult,
  EstateCheck,
  OpenGate,
  RestorePointsFound,
  RunStatus,
  ShortVote,
  TargetAssessment,
  Vote,
  VoteReceipt,
} from '../workflows/wire/messages.ts';
export type { ProcedureName } from '../plan/catalogue/index.ts';
export type { ColdStartInput } from '../workflows/wire/cold-start.ts';
export type { RegionalFailoverInput } from '../workflows/wire/regional-failover.ts';
export type { StartInputs } from '../workflows/wire/starts.ts';
export type { Addendum, Report } from '../report/report.ts';
