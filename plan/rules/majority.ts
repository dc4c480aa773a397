/** Who must agree where a minority may be cut off. Pure. */

/** More than half of `voters`: any two majorities share a voter. */
export function majorityOf(voters: readonly unknown[]): number {
  return Math.floor(voters.length / 2) + 1;
}
