/** The faults by name, for the lab's control. */
import type { LabEstate } from '../estate.ts';
import type { Control } from '../world.ts';

export function faultVerbs(_estate: LabEstate): Record<string, Control> {
  return {};
}
