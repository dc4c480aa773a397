/** Search attributes by which runs are found in Temporal UI. The namespace must know them before the first run: `name` and type `Keyword`. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Estate that the run works on. */
export const estateAttribute = defineSearchAttributeKey('DrEstate', SearchAttributeType.KEYWORD);
/** Procedure, such as `regionalFailover`. */
export const procedureAttribute = defineSearchAttributeKey('DrProcedure', SearchAttributeType.KEYWORD);
/** Phase where the run is, changed as it goes. */
export const phaseAttribute = defineSearchAttributeKey('DrPhase', SearchAttributeType.KEYWORD);
/** Mode: `live` or `dry-run`. */
export const modeAttribute = defineSearchAttributeKey('DrMode', SearchAttributeType.KEYWORD);

export const searchAttributes = [estateAttribute, procedureAttribute, phaseAttribute, modeAttribute] as const;
