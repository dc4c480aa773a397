/** The steps of the cold start, in the order that safety gives: docs/decisions/019-cold-start.md. */
import { seconds } from '../durations.ts';
import { confirmSeconds, customerSeconds, gradualSeconds, unfenceSeconds } from '../rules/waits.ts';
import type { Plan } from '../schema.ts';
import { procedureEntry, type Wait } from './step.ts';

const looks = ({ estate: { detection } }: Plan): Wait => ({
  seconds: confirmSeconds(detection),
  what: `hold time ${detection.holdTime} and four probe time-outs`,
});

export const coldStartEntry = procedureEntry({
  steps: {
    'confirm-failure': { reaches: ['agents of the other sites', 'reference targets', 'clock', 'service', 'DNS by its API'], waits: looks },
    'read-points': { reaches: ['backups'] },
    'preview-infrastructure': { reaches: ['infrastructure'], needs: 'infrastructure' },
    activation: { reaches: [], asks: true },
    'confirm-again': { reaches: ['backups'], neverSkipped: true, waits: looks },
    'claim-epoch': { reaches: ['agent', 'witnesses'], neverSkipped: true },
    'fence-sites': {
      reaches: ['agent', 'every verb'],
      neverSkipped: true,
      undoWaits: ({ estate: { ssh } }) => ({
        seconds: unfenceSeconds(ssh),
        what: `the failed sites are silent: ending the watches for their return, and four connections of ${ssh.connectTimeout}`,
      }),
    },
    'prepare-infrastructure': { reaches: ['infrastructure'], needs: 'infrastructure' },
    'restore-database': { reaches: ['backups'], neverSkipped: true },
    'restore-cache': { reaches: ['backups'], needs: 'backup of the cache', beside: 'restore-database' },
    'restore-sessions': { reaches: ['backups'], needs: 'backup of the sessions', beside: 'restore-database' },
    'restore-application': { reaches: ['backups'], needs: 'backup of the application', beside: 'restore-database' },
    'raise-capacity': { reaches: ['agent', 'capacity'], beside: 'restore-database' },
    configure: { reaches: ['backups'], needs: 'backup of application or sessions' },
    'check-application': { reaches: ['files'] },
    'admit-services': { reaches: ['backups'], neverSkipped: true },
    'start-services': { reaches: ['agent', 'every verb', 'service manager'] },
    'verify-first-tier': { reaches: ['service'], neverSkipped: true },
    'verify-lower-tiers': { reaches: [] },
    acceptance: { reaches: [], asks: true },
    'open-database': { reaches: ['backups'], neverSkipped: true },
    'route-traffic': {
      reaches: ['DNS by its API', 'DNS record', 'DNS servers', 'maintenance answer'],
      waits: ({ estate: { dns } }) => ({
        seconds: gradualSeconds(dns),
        what: dns.gradual
          ? `control-plane by ${dns.gradual.shares.length} shares and once back, each share but the last watched for ${dns.gradual.watch}`
          : 'control-plane',
      }),
    },
    'verify-as-customer': {
      reaches: ['DNS servers'],
      waits: ({ estate: { dns } }) => ({ seconds: customerSeconds(dns), what: `TTL ${dns.ttl} and 10 s` }),
    },
    watch: { reaches: ['DNS record', 'DNS servers'], waits: (_plan, { watch }) => ({ seconds: seconds(watch), what: `watch ${watch}` }) },
    'confirm-writers': { reaches: ['backups'] },
    'first-backup': { reaches: ['backups'] },
    'update-monitoring': { reaches: ['monitoring'] },
    'notify-stakeholders': { reaches: ['mail'] },
    'store-report': { reaches: ['report folder'] },
  },
  pointOfNoReturn: 'open-database',
  noReturnBecause: 'From the opening of the restored database on customers may have written to it, and nobody discards it any more.',
  recovery: { firstChange: 'claim-epoch', routes: 'route-traffic', endsTheClock: 'verify-as-customer', heldTo: 'the whole' },
});
