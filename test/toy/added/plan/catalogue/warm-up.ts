/** The steps of the warm-up, in their order. */
import { procedureEntry } from './step.ts';

export const warmUpEntry = procedureEntry({
  steps: {
    activation: { reaches: [] },
    'claim-epoch': { reaches: ['agent', 'witnesses'], neverSkipped: true },
    'raise-capacity': { reaches: ['agent', 'capacity'] },
    'warm-caches': { reaches: ['agent'] },
    'store-report': { reaches: ['report folder'] },
  },
  pointOfNoReturn: 'store-report',
  noReturnBecause: 'A site that is warm can be left to cool until the report is stored.',
});
