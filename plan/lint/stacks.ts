/** Laws about what sites stand on. */
import { problemIf, type Rule } from './rule.ts';

/** Only a cold start makes it, and a module of Terraform is told by the run whose it is. */
export const infrastructureWhole: Rule = (plan) =>
  Object.entries(plan.estate.restore?.infrastructure ?? {}).flatMap(([site, stack]) => {
    const path = ['estate', 'restore', 'infrastructure', site];
    return [
      ...problemIf(!plan.sites.some(({ id, targetOf }) => id === site && targetOf.includes('coldStart')), {
        rule: 'infrastructure-whole',
        level: 'error',
        path,
        message: `The plan says what ${site} stands on, and no cold start builds it. Write coldStart in targetOf of the site, or take this out.`,
      }),
      ...problemIf(stack.driver === 'terraform' && Object.hasOwn(stack.variables, 'dr_run'), {
        rule: 'infrastructure-whole',
        level: 'error',
        path: [...path, 'variables', 'dr_run'],
        message: 'The variable dr_run is the run that makes it, and is given by the run. Take it out.',
      }),
    ];
  });
