/** The steps of the regional failover, in the order that safety gives. */
import { seconds } from '../durations.ts';
import { confirmSeconds, customerSeconds, routingSeconds, unfenceSeconds } from '../rules/waits.ts';
import type { Plan } from '../schema.ts';
import { procedureEntry, type Wait } from './step.ts';

const looks = ({ estate: { detection } }: Plan): Wait => ({
  seconds: confirmSeconds(detection),
  what: `hold time ${detection.holdTime} and four probe time-outs`,
});

export const regionalFailoverEntry = procedureEntry({
  steps: {
    'confirm-failure': { reaches: ['agents of the other sites', 'reference targets', 'clock', 'service', 'DNS by its API'], waits: looks },
    'assess-impact': { reaches: ['database as observer', 'database by its API', 'cache as observer', 'cache by its API'] },
    activation: { reaches: [], asks: true },
    'confirm-again': { reaches: [], neverSkipped: true, waits: looks },
    'claim-epoch': { reaches: ['agent', 'witnesses'], neverSkipped: true },
    'fence-site': {
      reaches: ['agent', 'every verb', 'clock', 'heartbeat', 'service manager', 'database as administrator', 'cache as administrator'],
      neverSkipped: true,
      undoWaits: ({ estate: { ssh } }) => ({
        seconds: unfenceSeconds(ssh),
        what: `the failed site is silent: ending the watch for its return, and four connections of ${ssh.connectTimeout}`,
      }),
    },
    'catch-up-database': { reaches: ['agents of the other sites', 'every verb', 'database as administrator', 'database as observer'] },
    'catch-up-cache': { reaches: ['cache as administrator', 'cache as observer'], needs: 'cache' },
    'raise-capacity': { reaches: ['agent', 'capacity'] },
    'check-application': { reaches: ['files'] },
    'check-lag': { reaches: ['heartbeat', 'database as observer'] },
    'promote-database': { reaches: ['agent', 'every verb', 'disk', 'database as administrator', 'database by its API'], neverSkipped: true },
    'promote-cache': { reaches: ['agent', 'cache as administrator', 'cache by its API'], neverSkipped: true, needs: 'cache' },
    'protect-data': { reaches: ['agents of the other sites', 'database as administrator'] },
    'start-services': { reaches: ['agent', 'every verb', 'service manager'] },
    'verify-first-tier': { reaches: ['service', 'database as observer', 'cache as observer'], neverSkipped: true },
    'verify-lower-tiers': { reaches: [] },
    'route-traffic': {
      reaches: ['agent', 'traffic switch', 'DNS by its API', 'DNS record', 'DNS servers'],
      waits: ({ estate: { dns } }) => ({ seconds: routingSeconds(dns), what: dns.methods.join(', then ') }),
    },
    'verify-as-customer': {
      reaches: ['DNS servers'],
      waits: ({ estate: { dns } }) => ({ seconds: customerSeconds(dns), what: `TTL ${dns.ttl} and 10 s` }),
    },
    watch: { reaches: ['DNS record', 'DNS servers'], waits: (_plan, { watch }) => ({ seconds: seconds(watch), what: `watch ${watch}` }) },
    'confirm-writers': { reaches: [] },
    'update-monitoring': { reaches: ['monitoring'] },
    'notify-stakeholders': { reaches: ['mail'] },
    'store-report': { reaches: ['report folder'] },
  },
  pointOfNoReturn: 'promote-database',
  noReturnBecause: 'From the promotion of the database on nothing can be taken back.',
  recovery: { firstChange: 'claim-epoch', routes: 'route-traffic', endsTheClock: 'verify-as-customer' },
});
