/** The faults of a cold start: all sites with a copy are lost, or seem to be, and the target is built from backups. */
import { labSites } from '../../lab/addresses.ts';
import { coldStart } from '../driven/cold-start.ts';
import { failed } from '../scenarios/scenarios.ts';
import type { Start } from '../stage/drive.ts';
import type { FaultCase, Moment } from './case.ts';

const target = 'dr';
const lostSites = labSites.filter((site) => site !== target);
const start: Start = { driven: coldStart };
const usual = { at: target, lost: true, start } as const;
const recovers = { ends: ['recovered with exceptions'], checks: ['bounded'] } as const;
const takenBack = { ends: ['aborted'], checks: ['noTraffic', 'discarded'] } as const;

const beforeFence: Moment = { step: 'confirm-again', activity: 'watchFromOrchestrator' };
const restoring: Moment = { step: 'restore-database', activity: 'watchJob' };
const starting: Moment = { step: 'start-services', activity: 'startService' };
const routing: Moment = { step: 'route-traffic', activity: 'shareRecord' };
const proving: Moment = { step: 'route-traffic', activity: 'proveShare' };

export const ofTheColdStart: readonly FaultCase[] = [
  { ...usual, subject: 'backups', fault: 'log-gap', ...recovers, why: 'to a moment before the gap' },
  { ...usual, subject: 'backups', fault: 'set-corrupt', ...takenBack, says: /checksum|corrupt|invalid/ },
  { ...usual, subject: 'backups', fault: 'snapshot-corrupt', ends: ['recovered with exceptions'], says: /The cache was not restored/, checks: [], why: 'people restore without the cache' },

  { ...usual, subject: 'restore', fault: 'target-disk-full', ends: ['stood down'], says: /free|disk/, checks: ['noTraffic', 'discarded'] },
  { ...usual, subject: 'restore', fault: 'restore-dead', when: restoring, ...takenBack, why: 'nobody knows how far it came' },
  { ...usual, subject: 'restore', fault: 'restored-dead', when: starting, ...takenBack, why: 'nobody starts it, and its service finds nothing' },
  { ...usual, subject: 'restore', fault: 'flapping', when: restoring, ...recovers, why: 'the restore goes on without a connection' },
  { ...usual, subject: 'restore', fault: 'ssh-reply-lost', ...recovers, why: 'every answer of the agent and of the restore was lost once' },

  { ...usual, subject: 'sites', fault: 'site-dead', at: failed, back: { sites: [failed], when: beforeFence }, ends: ['stood down'], checks: ['noTraffic', 'discarded'], why: 'it is alive' },
  { ...usual, subject: 'sites', fault: 'site-dead', at: failed, back: { sites: [failed], when: restoring }, ...recovers, checks: ['bounded', 'fencedOnReturn'], why: 'alone it acknowledges nothing' },
  { ...usual, subject: 'sites', fault: 'site-dead', at: failed, back: { sites: [failed], when: routing }, ...recovers, checks: ['bounded', 'fencedOnReturn'], why: 'alone it acknowledges nothing' },
  { ...usual, subject: 'sites', fault: 'site-dead', at: failed, back: { sites: lostSites, when: restoring }, ...recovers, checks: ['bounded', 'fencedOnReturn'], why: 'each is fenced as it returns' },

  { ...usual, subject: 'traffic', fault: 'route53-throttled', when: routing, ...recovers },
  { ...usual, subject: 'traffic', fault: 'route53-failing', when: routing, ...recovers },
  { ...usual, subject: 'traffic', fault: 'route53-reply-lost', when: routing, ...recovers },
  { ...usual, subject: 'traffic', fault: 'service-dead', when: proving, ends: ['aborted', 'waits'], says: /% of the customers dr does not do its work.*All customers are led to the maintenance answer/s, checks: [], why: 'a share meets errors, and a new run goes on from there' },
]; // prettier-ignore
