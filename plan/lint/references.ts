/** References inside a plan that lead nowhere. A plan with one of these does not load. */
import { runbookIn, runbooksOf } from '../rules/runbooks.ts';
import { type ProcedureName, procedureNames } from '../catalogue/names.ts';
import { nearest } from '../nearest.ts';
import { fitForLine } from '../rules/printable.ts';
import { type ServerKind, serversAt } from '../rules/servers.ts';
import type { Plan } from '../schema.ts';
import type { PlanPath } from '../source.ts';

export interface DanglingReference {
  readonly path: PlanPath;
  readonly message: string;
}

type ReferenceRule = (plan: Plan) => readonly DanglingReference[];

function refer(path: PlanPath, name: string, kind: string, known: readonly string[]): DanglingReference[] {
  if (known.includes(name)) return [];
  const guess = nearest(name, known);
  const advice = guess === undefined ? `Name one of: ${known.join(', ')}` : `Write "${guess}" if that was meant, or add a ${kind} of that name`;
  return [{ path, message: `"${fitForLine(name)}" is no ${kind} of this plan. ${advice}.` }];
}

function referAll(path: PlanPath, names: readonly string[], kind: string, known: readonly string[]): DanglingReference[] {
  return names.flatMap((name, index) => refer([...path, index], name, kind, known));
}

const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

type Ids = readonly { readonly id: string }[];

type List = readonly [PlanPath, (plan: Plan) => Ids];

/** Lists whose items are told apart by their ids. */
const lists: readonly List[] = [
  [['sites'], ({ sites }) => sites],
  [['functions'], ({ functions }) => functions],
  [['objectives', 'categories'], ({ objectives }) => objectives.categories],
  [['people'], ({ people: all }) => all],
  [['groups'], ({ groups }) => groups],
  [['contacts'], ({ contacts }) => contacts],
  [['teams'], ({ teams }) => teams],
  [['backups'], ({ backups }) => backups],
  [['scenarios'], ({ scenarios }) => scenarios],
  [['checklists'], ({ checklists }) => checklists],
  [['escalation'], ({ escalation }) => escalation.map(({ level }) => ({ id: String(level) }))],
  [['estate', 'functionProbes'], (plan) => plan.estate.functionProbes.map((probe) => ({ id: probe.function }))],
  [['communication', 'channels'], (plan) => plan.communication.channels],
  [['communication', 'templates'], (plan) => plan.communication.templates],
  ...(Object.keys(procedureNames) as ProcedureName[]).flatMap((name): readonly List[] => [
    [['procedures', name, 'steps'], (plan) => runbookIn(plan, name)?.steps ?? []],
    [['procedures', name, 'gates'], (plan) => runbookIn(plan, name)?.gates ?? []],
  ]),
];

const duplicates: readonly ReferenceRule[] = lists.map(([path, itemsOf]): ReferenceRule => (plan) => {
  const names = ids(itemsOf(plan));
  return names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [{ path: [...path, index], message: `The id "${name}" is used twice in this list. Give each item an id of its own.` }],
  );
});

/** An id may be that of a person, a group or a contact where levels name who is called: with two of one name nobody knows which is meant. */
const responders: ReferenceRule = (plan) => {
  const kinds = { person: ids(plan.people), group: ids(plan.groups), contact: ids(plan.contacts) };
  return plan.escalation.flatMap((level, index) =>
    level.responders.flatMap((name, position) => {
      const meant = Object.entries(kinds).flatMap(([kind, known]) => (known.includes(name) ? [kind] : []));
      const path = ['escalation', index, 'responders', position];
      return meant.length < 2
        ? []
        : [{ path, message: `"${name}" is a ${meant.join(' and a ')} of this plan. Give one of them another id, and name the one that is meant.` }];
    }),
  );
};

function people(plan: Plan): DanglingReference[] {
  const persons = ids(plan.people);
  const called = [...persons, ...ids(plan.groups), ...ids(plan.contacts)];
  const channels = [...ids(plan.communication.channels), ...plan.communication.channels.flatMap((channel) => channel.media)];
  return [
    ...plan.groups.flatMap((group, index) => referAll(['groups', index, 'members'], group.members, 'person', persons)),
    ...plan.escalation.flatMap((level, index) => referAll(['escalation', index, 'responders'], level.responders, 'person, group or contact', called)),
    ...plan.escalation.flatMap((level, index) => referAll(['escalation', index, 'channels'], level.channels, 'channel or medium of a channel', channels)),
  ];
}

function procedures(plan: Plan): DanglingReference[] {
  return runbooksOf(plan).flatMap(([name, procedure]) => {
    const gates = ids(procedure.gates);
    return [
      ...refer(['procedures', name, 'pointOfNoReturn'], procedure.pointOfNoReturn, 'step', ids(procedure.steps)),
      ...procedure.steps.flatMap((step, index) =>
        step.gateBefore === undefined ? [] : refer(['procedures', name, 'steps', index, 'gateBefore'], step.gateBefore, 'gate', gates),
      ),
      ...procedure.gates.flatMap((gate, index) => referAll(['procedures', name, 'gates', index, 'electorate'], gate.electorate, 'group', ids(plan.groups))),
    ];
  });
}

function functions(plan: Plan): DanglingReference[] {
  const known = ids(plan.functions);
  return plan.functions.flatMap((entry, index) => referAll(['functions', index, 'dependsOn'], entry.dependsOn ?? [], 'function', known));
}

function estate(plan: Plan): DanglingReference[] {
  const sites = ids(plan.sites);
  const described = Object.keys(plan.estate.sites);
  return [
    ...described.flatMap((site) => refer(['estate', 'sites', site], site, 'site', sites)),
    ...sites.flatMap((site, index) =>
      described.includes(site)
        ? []
        : [{ path: ['sites', index], message: `estate.sites says nothing about "${site}". Add its addresses there, or take the site out of the plan.` }],
    ),
    ...plan.estate.functionProbes.flatMap((probe, index) =>
      refer(['estate', 'functionProbes', index, 'function'], probe.function, 'function', ids(plan.functions)),
    ),
  ];
}

/** What drivers of AWS know of a site that is not there, or that has no such server. */
function placesOfNone(plan: Plan): DanglingReference[] {
  const { database, cache, capacity, restore, sites } = plan.estate;
  const having = (server: ServerKind) => Object.keys(sites).filter((site) => serversAt(plan, site).includes(server));
  const instances = database.driver === 'rds' ? Object.keys(database.instances) : [];
  const replicationGroups = cache?.driver === 'elasticache' ? Object.keys(cache.replicationGroups) : [];
  const groups = capacity?.driver === 'auto-scaling' ? Object.keys(capacity.sites) : [];
  return [
    ...instances.flatMap((site) => refer(['estate', 'database', 'instances', site], site, 'site with a database', having('database'))),
    ...replicationGroups.flatMap((site) => refer(['estate', 'cache', 'replicationGroups', site], site, 'site with a cache', having('cache'))),
    ...groups.flatMap((site) => refer(['estate', 'capacity', 'sites', site], site, 'site', Object.keys(sites))),
    ...Object.keys(restore?.infrastructure ?? {}).flatMap((site) => refer(['estate', 'restore', 'infrastructure', site], site, 'site', Object.keys(sites))),
  ];
}

/** Caches of sites, and keys in them, where the plan does not say what the cache is. */
function cachesOfNone(plan: Plan): DanglingReference[] {
  if (plan.estate.cache !== undefined) return [];
  const advice = 'and estate.cache, which would say how it is reached, is absent. Describe the cache there, or take this out.';
  const sites = Object.entries(plan.estate.sites).flatMap(([site, { cache }]) =>
    cache === undefined ? [] : [{ path: ['estate', 'sites', site, 'cache'], message: `This site has a cache, ${advice}` }],
  );
  const probes = plan.estate.functionProbes.flatMap(({ cacheKeys }, index) =>
    cacheKeys.length === 0 ? [] : [{ path: ['estate', 'functionProbes', index, 'cacheKeys'], message: `The probe counts keys of a cache, ${advice}` }],
  );
  return [...sites, ...probes];
}

function communication(plan: Plan): DanglingReference[] {
  const groups = ids(plan.groups);
  const { channels, stakeholders, templates } = plan.communication;
  return [
    ...channels.flatMap((channel, index) => referAll(['communication', 'channels', index, 'groups'], channel.groups, 'group', groups)),
    ...referAll(['communication', 'stakeholders', 'groups'], stakeholders.groups, 'group', groups),
    ...refer(['communication', 'stakeholders', 'template'], stakeholders.template, 'template', ids(templates)),
  ];
}

function record(plan: Plan): DanglingReference[] {
  return plan.record.drills.flatMap((drill, index) => refer(['record', 'drills', index, 'scenario'], drill.scenario, 'scenario', ids(plan.scenarios)));
}

/** Each finds names that are used and not defined, or ids that are defined twice. */
export const referenceRules: readonly ReferenceRule[] = [
  ...duplicates,
  responders,
  people,
  procedures,
  functions,
  estate,
  placesOfNone,
  cachesOfNone,
  communication,
  record,
];

/** Every name that is used and not defined, and every id that is defined twice. */
export function findDanglingReferences(plan: Plan): readonly DanglingReference[] {
  return referenceRules.flatMap((rule) => rule(plan));
}
