/** What a run can say in a message to people. Pure. */

/** Placeholders that a run fills at its end; it fills each of them, and the lint accepts no other in the template that it sends. */
export const filledPlaceholders = ['incidentId', 'status', 'from', 'to', 'failedSince', 'duration', 'loss', 'nextSteps'] as const;

export type MessageValues = Readonly<Record<(typeof filledPlaceholders)[number], string>>;
