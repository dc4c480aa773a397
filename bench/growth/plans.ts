/** Plans of any size, made from the repository's by adding functions and sites of the same kind. The name of an estate says how large its plan is. Pure. */
import type { Plan } from '../../plan/schema.ts';

export interface Size {
  /** Functions that a failover serves and verifies. */
  readonly functions: number;
  readonly sites: number;
}

/** Name of the n-th estate of a size, such as `bench-20-functions-4-sites-7`; `series` keeps apart what is measured more than once. */
export function estateName({ functions, sites }: Size, series: string, index: number): string {
  return `bench-${functions}-functions-${sites}-sites-${series}-${index}`;
}

/** The plan of an estate by its name, from the repository's plan. */
export function planOf(base: Plan, estate: string): Plan {
  const match = /^bench-(\d+)-functions-(\d+)-sites-/.exec(estate);
  if (!match) throw new Error(`"${estate}" is not the name of a benchmark's estate.`);
  return withSites(withFunctions({ ...base, estate: { ...base.estate, name: estate } }, Number(match[1])), Number(match[2]));
}

/** Copies of the served functions, in turn, so that the tiers keep their shares; those that nobody serves are left out. */
function withFunctions(plan: Plan, wanted: number): Plan {
  const served = plan.estate.functionProbes;
  const copies = Array.from({ length: wanted }, (_, index) => {
    const probe = served[index % served.length];
    const entry = plan.functions.find((candidate) => candidate.id === probe?.function);
    if (!probe || !entry) throw new Error('The plan serves no function that could be copied.');
    const id = index < served.length ? entry.id : `${entry.id}-${index}`;
    return { entry: { ...entry, id }, probe: { ...probe, function: id } };
  });
  const functionProbes = copies.map(({ probe }) => probe);
  return { ...plan, functions: copies.map(({ entry }) => entry), estate: { ...plan.estate, functionProbes } };
}

/** The first sites of the plan, then copies of the third one, which keeps a standby. Bounds and deadlines are wide: how long a busy worker takes is what is measured. */
function withSites(plan: Plan, wanted: number): Plan {
  const [, , third] = plan.sites;
  const pattern = third && plan.estate.sites[third.id];
  if (!third || !pattern) throw new Error('The plan has no third site that could be copied.');
  const extra = Array.from({ length: Math.max(0, wanted - plan.sites.length) }, (_, index) => ({ ...third, id: `${third.id}-${index + 2}` }));
  const sites = [...plan.sites.slice(0, wanted), ...extra];
  const procedure = plan.procedures.regionalFailover;
  const steps = procedure.steps.map((step) => ({ ...step, bound: 'PT30M' }));
  return {
    ...plan,
    sites,
    procedures: { ...plan.procedures, regionalFailover: { ...procedure, steps } },
    estate: {
      ...plan.estate,
      detection: { ...plan.estate.detection, evidenceMaxAge: 'PT30M' },
      sites: Object.fromEntries(sites.map(({ id }) => [id, plan.estate.sites[id] ?? pattern])),
    },
  };
}
