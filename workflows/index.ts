/** Every workflow that the worker runs. */
export { assessment } from './assessment.ts';
export { estateCheck } from './estate-check.ts';
export { fenceOnReturn } from './fence-on-return.ts';
export { regionalFailover } from './regional-failover.ts';
