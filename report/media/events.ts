/** Text from outside in the data of an event: JSON escapes it, and whoever prints it finds nothing that acts. Pure. */
import { inEveryText, visible } from './visible.ts';

/** What events are made of, with every text ready for them. */
export function forEvents<T>(value: T): T {
  return inEveryText(value, visible);
}
