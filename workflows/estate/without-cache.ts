import type { LeftOut } from '../engine/left-out.ts';

/** In place of a step on the cache, where the estate has none. */
export const withoutCache: LeftOut = { leftOut: 'the estate has no cache' };
