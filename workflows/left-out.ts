/** A line of the runbook that this estate does not have; its plan has no entry for it either. */
export interface LeftOut {
  /** Why, as the rest of a sentence. */
  readonly leftOut: string;
}

export const withoutCache: LeftOut = { leftOut: 'the estate has no cache' };
