/** How a regional failover is started. */
import { z } from 'zod';
import type { SiteId } from '../../plan/schema.ts';
import { lengthsMax } from './message-forms.ts';
import type { StartInput } from './messages.ts';
import type { Start } from './start.ts';
import { line, name, pastMoment, startInput } from './start-forms.ts';

/** Input of the workflow type `regionalFailover`. */
export interface RegionalFailoverInput extends StartInput {
  /** The site that is believed failed. */
  readonly from: SiteId;
  /** The site to recover at. */
  readonly to: SiteId;
  /** A person declares the site failed against the probes, with a reason (grey failure). */
  readonly declaredFailed?: { readonly reason: string; readonly since?: string };
}

export const regionalFailoverStart: Start<RegionalFailoverInput> = {
  form: startInput.extend({
    from: name,
    to: name,
    declaredFailed: z.strictObject({ reason: line(lengthsMax.reason), since: pastMoment.optional() }).optional(),
  }),
  // `dr failover start`.
  options: null,
  placesOf: ({ from, to }) => ({ failed: [from], source: from, target: to }),
  aim: (estate, { source, target }) => ({
    toDo: `recover ${estate} from ${source} at ${target}`,
    done: `${estate} was recovered from ${source} at ${target}`,
  }),
};
