/** Faults of what lies around the sites: the Route 53 API and the resolvers. They are the same whichever site is named. */
import { propagationMs } from '../route53/zone.ts';
import { always, type Fault } from './fault.ts';

/** So many calls: more than a run makes in a second, fewer than it makes in all its tries. */
const badCalls = 3;

function turned(name: string, about: string, verb: string, wrong: object, right: object): Fault {
  return {
    name,
    about,
    available: always,
    inject: async ({ estate }) => (await estate.world.control[verb]?.(wrong)) as object,
    heal: async ({ estate }) => void (await estate.world.control[verb]?.(right)),
  };
}

export const worldFaults: readonly Fault[] = [
  turned('route53-throttled', `the next ${badCalls} calls of the API are refused with Throttling`, 'route53/throttle', { count: badCalls }, { count: 0 }),
  turned('route53-failing', `the next ${badCalls} calls of the API are answered 500`, 'route53/fail', { count: badCalls }, { count: 0 }),
  turned('route53-reply-lost', 'the next change is applied, and its reply is lost', 'route53/lose-replies', { count: 1 }, { count: 0 }),
  turned('route53-hangs', 'no call of the API is answered', 'route53/control-plane', { available: false }, { available: true }),
  turned('route53-pending', 'changes stay PENDING for 10 minutes', 'route53/propagation', { seconds: 600 }, { seconds: propagationMs / 1000 }),
  turned('resolver-stale', 'one of two resolvers keeps what it knows against the TTL', 'dns/resolver', { keepsExpired: true }, {}),
  turned('resolver-silent', 'one of two resolvers answers nobody', 'dns/resolver', { silent: true }, {}),
];
