/** A line of the runbook that this estate does not have; its plan has no entry for it either. */
export interface LeftOut {
  /** Why, as the rest of a sentence. */
  readonly leftOut: string;
}

/** Whether a line is left out; the timeline says why. */
export function leavesOut(run: { note(text: string): void }, id: string, body: object | undefined): boolean {
  if (!body || !('leftOut' in body)) return false;
  run.note(`"${id}" is left out: ${String(body.leftOut)}.`);
  return true;
}
