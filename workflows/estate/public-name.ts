/** What stands at the public name, for people: before they decide, and at the end. Pure. */
import type { RecordLook } from '../../activities/dns/port.ts';

/** Lines for those who decide, the worst first; none when all is as the plan says. */
export function recordLines({ unseen, obstacles, differences, beside }: RecordLook): readonly string[] {
  return [
    ...obstacles.map((obstacle) => `No run can route customers: ${obstacle}`),
    ...differences,
    ...beside,
    ...(unseen === undefined ? [] : [`The records of the public name could not be looked at: ${unseen}`]),
  ];
}
