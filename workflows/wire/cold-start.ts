/** How a cold start is started. */
import { z } from 'zod';
import type { SiteId } from '../../plan/schema.ts';
import { lengthsMax } from './message-forms.ts';
import type { StartInput } from './messages.ts';
import type { Start } from './start.ts';
import { line, name, pastMoment, startInput } from './start-forms.ts';

/** Input of the workflow type `coldStart`. */
export interface ColdStartInput extends StartInput {
  /** Every site that keeps a copy of the data, all of them believed failed; first the one that customers were served at. */
  readonly from: readonly SiteId[];
  /** The site that is built from backups. */
  readonly at: SiteId;
  /** A person declares the sites failed against the probes, with a reason. */
  readonly declaredFailed?: { readonly reason: string; readonly since?: string };
}

/** More sites than any estate has. */
const sitesMax = 20;

export const coldStartStart: Start<ColdStartInput> = {
  form: startInput.extend({
    from: z.array(name).min(1, 'name the sites that have failed').max(sitesMax, `name at most ${sitesMax} sites`),
    at: name,
    declaredFailed: z.strictObject({ reason: line(lengthsMax.reason), since: pastMoment.optional() }).optional(),
  }),
  // `dr coldstart start`.
  options: null,
  placesOf: ({ from, at }) => ({ failed: from, source: from[0] ?? at, target: at }),
  aim: (estate, { target }) => ({ toDo: `build ${estate} at ${target} from its backups`, done: `${estate} was built at ${target} from its backups` }),
};
