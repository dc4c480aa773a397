/** Epochs as numbers: how one is read, how far it may rise at once, and which one a run takes. Pure. */

/** Epochs rise by one with each run. One that is further above all others was written by mistake, or by somebody who means harm, and would leave no room for those after it. */
export const epochStepsMax = 1000;

/** What was read as an epoch; undefined for what is none. Agents bound it in the same way. */
export function parseEpoch(text: string): number | undefined {
  const digits = /^0*(\d{1,15})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** An epoch, and where and by whom it is held. */
export interface Held {
  readonly epoch: number;
  readonly holder: string;
  /** For people, such as `eu-central-1`. */
  readonly where: string;
}

/** The place whose epoch is out of reach of all the others; undefined when there is none, or nobody to compare with. */
export function outOfReach(held: readonly Held[]): { readonly highest: Held; readonly next: number } | undefined {
  const [highest, second] = held.toSorted((one, other) => other.epoch - one.epoch);
  return highest && second && highest.epoch > second.epoch + epochStepsMax ? { highest, next: second.epoch } : undefined;
}
