/** What happens to a run in one random schedule: how the sites are lost, what else goes wrong and when, what people say, how each attempt of an activity fares. */
import fc from 'fast-check';
import type { Vantage } from '../../activities/detection/port.ts';
import { servedFunctions } from '../../plan/rules/objectives.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Driven } from '../driven/driven.ts';
import type { Message } from './messages.ts';
import type { Fate } from './server.ts';

export type Disturbance =
  | { readonly what: 'crash' | 'cut off' | 'come back'; readonly site: string }
  | { readonly what: 'workers die'; readonly awaySeconds: number }
  | { readonly what: 'stop' | 'resume' | 'cancel' | 'terminate and start again' | 'start a second' | 'start under another id' }
  | { readonly what: 'a stranger resumes' | 'a newer run takes the sites' }
  | { readonly what: 'somebody promotes'; readonly server: ServerKind; readonly site: string }
  | { readonly what: 'cache loses keys'; readonly site: string }
  | { readonly what: 'function breaks'; readonly function: string }
  | { readonly what: 'clock jumps'; readonly seconds: number }
  /** All of it comes to the run in one workflow task. */
  | { readonly what: 'messages come'; readonly messages: readonly Message[] }
  | { readonly what: 'functions are fixed' | 'switch breaks' | 'zone is silent' | 'zone answers' };

export interface Ballot {
  readonly who: string;
  /** Which of the gate's choices; beyond them: a word that is none. */
  readonly choice: number;
  readonly gate: 'the open one' | 'another';
  readonly channel: 'signal' | 'update';
  readonly afterSeconds: number;
  /** What happens once it is cast. */
  readonly meanwhile?: Disturbance;
}

type Lost = 'crash' | 'hang' | 'cut off' | 'not at all';

export interface Schedule {
  /** For how many standbys' sake the primary waits: for a certain one, for any one of two, for none. */
  readonly synchronous: 'one' | 'any of two' | 'none';
  readonly lost: Lost;
  /** Sites that are lost in another way than that: some may be cut off and go on for the customers beside them. */
  readonly otherwise: { readonly [site: string]: Lost | undefined };
  /** Lost sites that are there again while the attempt of an activity with this number is under way. */
  readonly returns: readonly { readonly attempt: number; readonly site: string }[];
  /** What else is so from the start. */
  readonly already: readonly Disturbance[];
  /** Kinds of observer that see nothing. */
  readonly blind: readonly Vantage['kind'][];
  readonly declared: boolean;
  readonly disturbances: readonly { readonly atSeconds: number; readonly disturbance: Disturbance }[];
  /** What happens while the attempt of an activity with this number is under way. */
  readonly interruptions: readonly { readonly attempt: number; readonly disturbance: Disturbance }[];
  readonly fates: readonly { readonly attempt: number; readonly fate: Exclude<Fate, 'done'> }[];
  readonly failures: readonly { readonly attempt: number; readonly permanent: boolean }[];
  readonly ballots: readonly Ballot[];
  /** What the people of the electorate say once the ballots above are cast. */
  readonly inclination: 'go on' | 'go back' | 'silence';
  /** How long people who have stopped the run look before they let it go on. */
  readonly stoppedSeconds: number;
  /** Seeds how long each thing takes. */
  readonly pace: number;
}

/** A run in which nothing goes wrong but the loss of the sites that it is about. */
export const calm: Schedule = {
  synchronous: 'one',
  lost: 'crash',
  otherwise: {},
  returns: [],
  already: [],
  blind: [],
  declared: false,
  disturbances: [],
  interruptions: [],
  fates: [],
  failures: [],
  ballots: [],
  inclination: 'go on',
  stoppedSeconds: 30,
  pace: 1,
};

const longestSeconds = 1500;

/** The sites of a plan by what they are to a run; `others`: those that are neither lost nor its target. */
function sitesOf(plan: Plan, { placesIn }: Driven) {
  const { failed, target } = placesIn(plan);
  const all = Object.entries(plan.estate.sites);
  const survivors = all.flatMap(([site, { database }]) => (database && !failed.includes(site) ? [site] : []));
  const others = survivors.filter((site) => site !== target);
  /** Without servers. */
  const empty = all.flatMap(([site, { database }]) => (database || site === target ? [] : [site]));
  return { failed, target, survivors, others, empty };
}

const faultsIn = (plan: Plan, driven: Driven): fc.Arbitrary<Disturbance> => {
  const { failed, target, survivors, others, empty } = sitesOf(plan, driven);
  const holding = survivors.length > 0 ? survivors : [target];
  const functions = servedFunctions(plan);
  const critical = functions.filter(({ tier }) => tier === functions[0]?.tier);
  const broken = [critical.at(-1), critical[0], functions.at(-1)].flatMap((entry) => (entry ? [entry.id] : []));
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constantFrom('crash' as const, 'cut off' as const, 'come back' as const, 'come back' as const),
        site: fc.constantFrom(...failed, ...failed, ...others, target, ...empty),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ what: fc.constant('function breaks' as const), function: fc.constantFrom(...broken) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constantFrom('functions are fixed' as const, 'switch breaks' as const, 'zone is silent' as const, 'zone answers' as const),
      }),
    },
    // Whether anybody still follows the lost primary hangs on those that nobody fails over to.
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constantFrom('crash' as const, 'cut off' as const, 'cut off' as const, 'come back' as const),
        site: fc.constantFrom(...(others.length > 0 ? others : [target])),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('cache loses keys' as const), site: fc.constantFrom(...holding) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('somebody promotes' as const),
        server: fc.constantFrom('database' as const, 'cache' as const),
        site: fc.constantFrom(...holding),
      }),
    },
  );
};

const doings: fc.Arbitrary<Disturbance> = fc.oneof(
  fc.record({ what: fc.constant('workers die' as const), awaySeconds: fc.constantFrom(1, 10, 60) }),
  fc.record({
    what: fc.constantFrom(
      'stop' as const,
      'stop' as const,
      'resume' as const,
      'resume' as const,
      'a stranger resumes' as const,
      'cancel' as const,
      'terminate and start again' as const,
      'start a second' as const,
      'start under another id' as const,
      'a newer run takes the sites' as const,
    ),
  }),
  fc.record({ what: fc.constant('clock jumps' as const), seconds: fc.constantFrom(2, 30, 300, 3600) }),
);

const ballotsIn = (plan: Plan, faults: fc.Arbitrary<Disturbance>): fc.Arbitrary<Ballot> =>
  fc
    .record({
      who: fc.constantFrom(...plan.people.map(({ id }) => id), 'mallory', ''),
      choice: fc.oneof(fc.constant(0), fc.nat(4)),
      gate: fc.constantFrom('the open one' as const, 'the open one' as const, 'the open one' as const, 'another' as const),
      channel: fc.constantFrom('signal' as const, 'update' as const),
      afterSeconds: fc.constantFrom(0, 0, 1, 5, 80, 200),
      meanwhile: fc.option(faults, { freq: 4, nil: undefined }),
    })
    .map(({ meanwhile, ...cast }) => (meanwhile ? { ...cast, meanwhile } : cast));

const fate = fc.constantFrom<Exclude<Fate, 'done'>[]>('worker dies before', 'worker dies after', 'worker dies when completed', 'reply lost', 'late effect');

/** Where several sites are lost: each in its own way, and back at its own moment. */
function eachForItself(failed: readonly string[], lost: fc.Arbitrary<Lost>, attemptsMax: number) {
  const back = fc.record({ attempt: fc.nat(attemptsMax), site: fc.constantFrom(...failed) });
  return {
    otherwise: fc.record(Object.fromEntries(failed.map((site) => [site, lost])), { requiredKeys: [] }),
    returns: fc.oneof(fc.constant([]), fc.array(back, { minLength: 1, maxLength: failed.length })),
  };
}

/** What may happen to runs of a procedure under a plan. */
export function schedulesOf(plan: Plan, driven: Driven): fc.Arbitrary<Partial<Schedule>> {
  const { attemptsMax } = driven;
  const faults = faultsIn(plan, driven);
  const ballot = ballotsIn(plan, faults);
  const disturbance = fc.oneof(faults, doings);
  const lost = fc.constantFrom('crash' as const, 'hang' as const, 'cut off' as const, 'cut off' as const, 'not at all' as const);
  const { failed } = sitesOf(plan, driven);
  return fc.record({
    synchronous: fc.constantFrom('one' as const, 'one' as const, 'any of two' as const, 'none' as const),
    lost,
    ...(failed.length > 1 ? eachForItself(failed, lost, attemptsMax) : {}),
    already: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(faults, { minLength: 1, maxLength: 2 }) }),
    blind: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray<Vantage['kind']>(['orchestrator', 'site-agent', 'health-check'], { minLength: 1, maxLength: 2 }) },
    ),
    declared: fc.constantFrom(false, false, false, true),
    disturbances: fc.array(fc.record({ atSeconds: fc.oneof(fc.nat(40), fc.nat(longestSeconds)), disturbance }), { maxLength: 4 }),
    interruptions: fc.array(fc.record({ attempt: fc.nat(attemptsMax), disturbance }), { maxLength: 4 }),
    fates: fc.array(fc.record({ attempt: fc.nat(attemptsMax), fate }), { maxLength: 4 }),
    failures: fc.array(fc.record({ attempt: fc.nat(attemptsMax), permanent: fc.boolean() }), { maxLength: 3 }),
    ballots: fc.array(ballot, { maxLength: 5 }),
    inclination: fc.constantFrom('go on' as const, 'go on' as const, 'go on' as const, 'go back' as const, 'silence' as const),
    stoppedSeconds: fc.constantFrom(5, 30, 400),
    pace: fc.nat(1_000_000),
  });
}
