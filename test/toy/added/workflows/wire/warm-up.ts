/** How a warm-up is started. */
import type { SiteId } from '../../plan/schema.ts';
import type { StartInput } from './messages.ts';
import type { Start } from './start.ts';
import { name, startInput } from './start-forms.ts';

/** Input of the workflow type `warmUp`. */
export interface WarmUpInput extends StartInput {
  /** The site that is to be ready for full load. */
  readonly at: SiteId;
}

export const warmUpStart: Start<WarmUpInput> = {
  form: startInput.extend({ at: name }),
  options: { at: { is: 'site', says: 'site that is to be ready for full load' } },
  placesOf: ({ at }) => ({ failed: [], source: at, target: at }),
  aim: (estate, { target }) => ({ toDo: `make ${target} of ${estate} ready for full load`, done: `${target} of ${estate} is ready for full load` }),
};
