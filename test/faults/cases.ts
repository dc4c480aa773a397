/** Each fault with what must come of it: a row of docs/faults.md. */
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import { failed, target, third } from '../scenarios/scenarios.ts';
import type { Answers } from '../driven/driven.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import type { Start } from '../stage/drive.ts';
import type { FaultCase } from './case.ts';
import { ofTheColdStart } from './cold-start-cases.ts';

/** Nobody decides for the run once it has begun: what fails is taken back where it can be, and a risk is left open. */
export const beginOnly: Answers = {
  'failed-step': ({ choices }) => (choices.some((choice) => choice.startsWith('undo')) ? 'undo' : 'abort'),
};

/** A failover as usual. */
export const usual: Start = { driven: regionalFailover };
const declared: Start = { driven: regionalFailover, change: { declaredFailed: { reason: 'The people who pay see errors.' } } };

const ofTheFailover: readonly FaultCase[] = [
  { subject: 'detection', fault: 'site-dead', at: failed, lost: false, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'detection', fault: 'black-hole', at: failed, lost: false, ends: ['recovered'], checks: ['lossless', 'fencedOnReturn'] },
  { subject: 'detection', fault: 'connections-reset', at: failed, lost: false, ends: ['recovered'], checks: ['lossless', 'fencedOnReturn'] },
  { subject: 'detection', fault: 'orchestrator-cut-off', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'checkers-cut-off', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'observer-blind', at: third, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'replication-cut', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'blip', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'flapping', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'slow-site', at: failed, lost: false, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'detection', fault: 'service-dead', at: failed, lost: false, ends: ['stood down'], says: /People may declare it failed/, checks: ['unchanged'], why: 'parts of the site answer' },
  { subject: 'detection', fault: 'service-dead', at: failed, lost: false, start: declared, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'detection', fault: 'agent-asleep', at: third, lost: true, ends: ['recovered', 'waits'], checks: ['noTraffic'], why: 'a site that keeps no record counts as one that still saw the primary' },

  { subject: 'detection', fault: 'clock-ahead', at: failed, lost: true, ends: ['recovered with exceptions'], says: /ahead of the Temporal server's/, checks: ['lossless'] },
  { subject: 'detection', fault: 'clock-behind', at: target, lost: true, ends: ['recovered with exceptions'], says: /behind the Temporal server's/, checks: ['lossless'] },

  { subject: 'fencing', fault: 'database-frozen', at: failed, lost: false, start: declared, ends: ['recovered', 'waits'], checks: ['noTraffic', 'notPromoted'], why: 'its agent cannot close what does not answer: the proof by replication needs a young heartbeat' },
  { subject: 'fencing', fault: 'cache-frozen', at: failed, lost: false, start: declared, ends: ['recovered', 'waits'], checks: ['noTraffic', 'notPromoted'], why: 'its agent cannot close what does not answer: the proof by replication needs a young heartbeat' },
  { subject: 'fencing', fault: 'agent-cannot-write', at: failed, lost: false, start: declared, ends: ['recovered', 'waits'], says: /is not fenced by its own agent|not proven fenced/, checks: ['noTraffic', 'notPromoted'], why: 'its agent cannot fence it: what remains is the proof by replication' },
  { subject: 'fencing', fault: 'ssh-reply-lost', at: failed, lost: false, start: declared, ends: ['recovered'], checks: [] },
  { subject: 'fencing', fault: 'sshd-dead', at: third, lost: true, ends: ['waits', 'aborted', 'stood down'], checks: ['noTraffic', 'notPromoted'], why: 'that the synchronous standby has left cannot be proven' },

  { subject: 'promotion', fault: 'lag', at: target, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'promotion', fault: 'replay-paused', at: target, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'promotion', fault: 'lose-rows', at: target, lost: true, ends: ['aborted'], says: /payments/, checks: ['noTraffic'] },
  { subject: 'promotion', fault: 'stale-answers', at: target, lost: true, ends: ['aborted'], says: /older than what was just written|not what it serves/, checks: ['noTraffic'] },
  { subject: 'promotion', fault: 'acknowledges-alone', at: target, lost: true, ends: ['recovered'], checks: ['lossless'], why: 'a site that is not lost loses nothing by it; at the lost one it is `test/scenarios/beyond.test.ts`' },
  { subject: 'promotion', fault: 'slow-start', at: target, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'promotion', fault: 'database-dead', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'promotion', fault: 'database-dead', at: third, lost: true, ends: ['waits', 'aborted', 'stood down'], checks: ['noTraffic', 'notPromoted'], why: 'what only the synchronous standby had cannot be counted' },
  { subject: 'promotion', fault: 'agent-asleep', at: failed, lost: true, ends: ['waits', 'recovered'], checks: ['noTraffic'], why: 'an old heartbeat proves nothing, a fresh one does' },

  { subject: 'ssh', fault: 'ssh-host-key-changed', at: target, lost: true, ends: ['stood down'], says: /is not who the plan says/, checks: ['unchanged'] },
  { subject: 'ssh', fault: 'ssh-key-revoked', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'ssh', fault: 'ssh-hangs', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'ssh', fault: 'ssh-garbage', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'ssh', fault: 'ssh-reply-lost', at: target, lost: true, ends: ['recovered'], checks: ['lossless'], why: 'every answer was lost once' },
  { subject: 'ssh', fault: 'agent-cannot-write', at: target, lost: true, ends: ['stood down'], says: /would refuse .*cannot be written/, checks: ['noTraffic', 'notPromoted', 'unchanged'], why: 'the target cannot hold the epoch, and says so when it is asked' },

  { subject: 'dns and aws', fault: 'route53-throttled', at: failed, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'dns and aws', fault: 'route53-failing', at: failed, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'dns and aws', fault: 'route53-reply-lost', at: failed, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'dns and aws', fault: 'route53-hangs', at: failed, lost: true, ends: ['recovered'], says: /it could not be written/, checks: ['lossless'] },
  { subject: 'dns and aws', fault: 'route53-pending', at: failed, lost: true, ends: ['recovered'], checks: ['lossless'], why: 'the data plane suffices' },
  { subject: 'dns and aws', fault: 'resolver-stale', at: failed, lost: true, ends: ['recovered with exceptions'], says: /until it has forgotten that/, checks: ['lossless'], why: 'customers behind it are not served' },
  { subject: 'dns and aws', fault: 'resolver-silent', at: failed, lost: true, ends: ['recovered with exceptions'], says: /did not answer/, checks: ['lossless'], why: 'one that answers suffices, and the other is named' },
  { subject: 'dns and aws', fault: 'switch-dead', at: target, lost: true, ends: ['recovered'], checks: ['lossless'], why: 'one switch suffices' },

  { subject: 'redis', fault: 'flush-sessions', at: target, lost: true, ends: ['recovered', 'aborted'], checks: ['noTraffic'] },
  { subject: 'redis', fault: 'replica-writable', at: target, lost: true, ends: ['recovered'], checks: ['lossless'] },
  { subject: 'redis', fault: 'cache-dead', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'] },
  { subject: 'redis', fault: 'cache-promoted', at: third, lost: true, ends: ['stood down'], checks: ['unchanged'], why: 'somebody else has a primary' },
  { subject: 'redis', fault: 'cache-promoted', at: target, lost: true, ends: ['stood down'], checks: ['unchanged'], why: 'its cache is a primary that no run promoted' },
  { subject: 'redis', fault: 'cache-follows-another', at: target, lost: true, ends: ['recovered', 'stood down', 'waits', 'aborted'], checks: ['noTraffic'] },
]; // prettier-ignore

export const faultCases: readonly FaultCase[] = [...ofTheFailover, ...ofTheColdStart];

export const procedureOf = ({ start = usual }: FaultCase): ProcedureName => start.driven.procedure;
