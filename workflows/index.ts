/** Every workflow that the worker runs. */
export { assessment } from './reads/assessment.ts';
export { estateCheck } from './reads/estate-check.ts';
export { restorePoints } from './reads/restore-points.ts';
export { fenceOnReturn } from './children/fence-on-return.ts';
export { coldStart } from './procedures/cold-start.ts';
export { regionalFailover } from './procedures/regional-failover.ts';
