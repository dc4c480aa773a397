/** How grave evidence is, so that a vote never counts for something that its voter did not see. Pure. */

export interface Gravity {
  /** Figures, each the worse the greater, always in the same order. */
  readonly figures: readonly number[];
  /** What speaks against going on, in sentences; a new one makes the evidence graver. Figures in them do not: those change with every look. */
  readonly signs: readonly string[];
}

/** Of evidence that cannot grow worse. */
export const noGravity: Gravity = { figures: [], signs: [] };

/** Whether somebody who has seen `seen` does not know how grave it is now: in one respect it is worse, whatever has become better in another. */
export function isGraver(now: Gravity, seen: Gravity): boolean {
  const known = new Set(seen.signs.map(withoutFigures));
  return now.figures.some((figure, respect) => figure > (seen.figures[respect] ?? 0)) || now.signs.some((sign) => !known.has(withoutFigures(sign)));
}

/** Figures that stand alone, durations whatever their unit; those of a name, an address or a time of day are part of what is said. */
function withoutFigures(sentence: string): string {
  return sentence.replaceAll(/(?<![^\s(])\d+(?:[.,]\d+)?(?=[%).,;:]*(?:\s|$))/g, '0').replaceAll(/0 (?:h|min|s|ms)(?: 0 (?:min|s|ms))*\b/g, '0 s');
}
