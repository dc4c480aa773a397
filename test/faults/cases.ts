/** Each fault with what must come of it. `nr` is its row in the catalogue of faults that docs/faults.md prints. */
import type { LabSite } from '../../lab/addresses.ts';
import { failed, target, third } from '../scenarios/scenarios.ts';
import type { Answers, Start } from '../sweep/drive.ts';

/** How a run may end; `waits`: it asks people what only they can decide. */
export type Ending = 'recovered' | 'recovered with exceptions' | 'stood down' | 'aborted' | 'waits';

export interface FaultCase {
  readonly subject: 'detection' | 'fencing' | 'promotion' | 'ssh' | 'dns and aws' | 'redis';
  readonly fault: string;
  readonly at: LabSite;
  /** The region is lost as well, after the fault. */
  readonly lost: boolean;
  readonly start?: Start;
  readonly answers?: Answers;
  readonly ends: readonly Ending[];
  /** What the report, or the open question, must say. */
  readonly says?: RegExp;
  /** What must come of it, in a sentence. */
  readonly expect: string;
}

/** Nobody decides for the run: what fails is taken back where it can be, and a risk is left open. */
export const approveOnly: Answers = { activation: () => 'approve', 'failed-step': ({ choices }) => (choices.includes('undo') ? 'undo' : 'abort') };

const noFailover = 'no failover: nothing is changed, customers notice nothing of the run';
const lossless = 'recovered, nothing lost';
const declared: Start = { declaredFailed: { reason: 'The people who pay see errors.' } };

export const faultCases: readonly FaultCase[] = [
  { subject: 'detection', fault: 'site-dead', at: failed, lost: false, ends: ['recovered'], expect: lossless },
  { subject: 'detection', fault: 'black-hole', at: failed, lost: false, ends: ['recovered'], expect: `${lossless}; the site is fenced when it heals` },
  { subject: 'detection', fault: 'connections-reset', at: failed, lost: false, ends: ['recovered'], expect: `${lossless}; the site is fenced when it heals` },
  { subject: 'detection', fault: 'orchestrator-cut-off', at: failed, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'checkers-cut-off', at: failed, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'observer-blind', at: third, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'replication-cut', at: failed, lost: false, ends: ['stood down'], expect: 'no failover, though no standby hears the primary' },
  { subject: 'detection', fault: 'blip', at: failed, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'flapping', at: failed, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'slow-site', at: failed, lost: false, ends: ['stood down'], expect: noFailover },
  { subject: 'detection', fault: 'service-dead', at: failed, lost: false, ends: ['stood down'], says: /People may declare it failed/, expect: 'no failover by itself, since parts of the site answer: a person may declare it failed' },
  { subject: 'detection', fault: 'service-dead', at: failed, lost: false, start: declared, ends: ['recovered'], expect: `${lossless}; the site's own agent fences it` },
  { subject: 'detection', fault: 'agent-asleep', at: third, lost: true, ends: ['recovered', 'waits'], expect: 'a site that keeps no record counts as one that still saw the primary: proven while the heartbeat is young, else people are asked' },

  { subject: 'fencing', fault: 'database-frozen', at: failed, lost: false, start: declared, ends: ['recovered', 'waits'], expect: 'its agent cannot close what does not answer: promoted when the heartbeat is young enough to prove the fence by replication, else people are asked; going on later, it acknowledges nothing' },
  { subject: 'fencing', fault: 'cache-frozen', at: failed, lost: false, start: declared, ends: ['recovered', 'waits'], expect: 'its agent cannot close what does not answer: promoted when the heartbeat is young enough to prove the fence by replication, else people are asked; going on later, it acknowledges nothing' },
  { subject: 'fencing', fault: 'agent-cannot-write', at: failed, lost: false, start: declared, ends: ['recovered with exceptions', 'waits'], says: /it must be one|not proven fenced/, expect: 'promoted only on the proof by replication, and that the old server still looks open stands first in the report; without that proof people are asked' },
  { subject: 'fencing', fault: 'ssh-reply-lost', at: failed, lost: false, start: declared, ends: ['recovered'], expect: 'a repeat finds the fence that was put up' },
  { subject: 'fencing', fault: 'sshd-dead', at: third, lost: true, ends: ['waits', 'aborted', 'stood down'], expect: 'no promotion: that the synchronous standby has left cannot be proven' },

  { subject: 'promotion', fault: 'lag', at: target, lost: true, ends: ['recovered'], expect: `${lossless}: the target catches up with the synchronous standby` },
  { subject: 'promotion', fault: 'replay-paused', at: target, lost: true, ends: ['recovered'], expect: lossless },
  { subject: 'promotion', fault: 'lose-rows', at: target, lost: true, ends: ['aborted'], says: /payments/, expect: 'no traffic; the report names function and difference' },
  { subject: 'promotion', fault: 'stale-answers', at: target, lost: true, ends: ['aborted'], says: /older than what was just written|not what it serves/, expect: 'no traffic; the report names function and difference' },
  { subject: 'promotion', fault: 'database-dead', at: target, lost: true, ends: ['stood down'], expect: 'the target is refused before anything is changed' },
  { subject: 'promotion', fault: 'database-dead', at: third, lost: true, ends: ['waits', 'aborted', 'stood down'], expect: 'no promotion without people: what only the synchronous standby had cannot be counted' },
  { subject: 'promotion', fault: 'agent-asleep', at: failed, lost: true, ends: ['waits', 'recovered'], expect: 'an old heartbeat proves nothing: people are asked; a fresh one does' },

  { subject: 'ssh', fault: 'ssh-host-key-changed', at: target, lost: true, ends: ['stood down'], says: /is not who the plan says/, expect: 'the target is refused before anything is changed' },
  { subject: 'ssh', fault: 'ssh-key-revoked', at: target, lost: true, ends: ['stood down'], expect: 'the target is refused before anything is changed' },
  { subject: 'ssh', fault: 'ssh-hangs', at: target, lost: true, ends: ['stood down'], expect: 'the target is refused before anything is changed' },
  { subject: 'ssh', fault: 'ssh-garbage', at: target, lost: true, ends: ['stood down'], expect: 'the target is refused before anything is changed' },
  { subject: 'ssh', fault: 'ssh-reply-lost', at: target, lost: true, ends: ['recovered'], expect: `${lossless}, nothing applied twice though every answer was lost once` },
  { subject: 'ssh', fault: 'agent-cannot-write', at: target, lost: true, ends: ['aborted', 'waits'], expect: 'no promotion: the target cannot hold the epoch' },

  { subject: 'dns and aws', fault: 'route53-throttled', at: failed, lost: true, ends: ['recovered'], expect: lossless },
  { subject: 'dns and aws', fault: 'route53-failing', at: failed, lost: true, ends: ['recovered'], expect: lossless },
  { subject: 'dns and aws', fault: 'route53-reply-lost', at: failed, lost: true, ends: ['recovered'], expect: `${lossless}; the change is found and not made again` },
  { subject: 'dns and aws', fault: 'route53-hangs', at: failed, lost: true, ends: ['recovered'], says: /its API did not answer/, expect: `${lossless}; what the zone lacks is a leftover` },
  { subject: 'dns and aws', fault: 'route53-pending', at: failed, lost: true, ends: ['recovered'], expect: `${lossless}: the data plane suffices` },
  { subject: 'dns and aws', fault: 'resolver-stale', at: failed, lost: true, ends: ['recovered', 'recovered with exceptions'], says: /1 of 2 resolvers agree/, expect: 'recovered; the report says that one resolver does not agree' },
  { subject: 'dns and aws', fault: 'resolver-silent', at: failed, lost: true, ends: ['recovered', 'recovered with exceptions'], expect: 'recovered; one silent resolver does not hold it up' },
  { subject: 'dns and aws', fault: 'switch-dead', at: target, lost: true, ends: ['recovered'], expect: `${lossless}: one switch suffices` },

  { subject: 'redis', fault: 'flush-sessions', at: target, lost: true, ends: ['recovered', 'aborted'], expect: 'brought back before promotion, or no traffic' },
  { subject: 'redis', fault: 'replica-writable', at: target, lost: true, ends: ['recovered'], expect: lossless },
  { subject: 'redis', fault: 'cache-dead', at: target, lost: true, ends: ['stood down'], expect: 'the target is refused before anything is changed' },
  { subject: 'redis', fault: 'cache-promoted', at: third, lost: true, ends: ['stood down'], expect: 'refused: somebody else has a primary' },
  { subject: 'redis', fault: 'cache-promoted', at: target, lost: true, ends: ['stood down'], expect: 'refused: its cache is a primary that no run promoted' },
  { subject: 'redis', fault: 'cache-follows-another', at: target, lost: true, ends: ['recovered', 'stood down', 'waits', 'aborted'], expect: 'what it may lack is counted, or it is refused' },
]; // prettier-ignore
