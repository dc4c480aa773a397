/** How severe is an incident: the plan's score, the escalation level that it calls, and what the source's rule would have done. Pure. */
import type { Plan } from '../schema.ts';

/** What adds to the score. */
export interface SeverityFacts {
  readonly primaryDown: boolean;
  /** Acknowledged data is lost, or cannot be shown to be safe. */
  readonly dataLoss: boolean;
  /** Observers cannot reach each other, or the site answers some of them only. */
  readonly networkOutage: boolean;
}

export interface Severity {
  readonly score: number;
  /** Each fact that counted, such as `primary down: 100`. */
  readonly scoreParts: readonly string[];
  readonly escalationLevel: number;
  /** Action of the source document's rule at this score, shown beside our recommendation. */
  readonly sourceRuleAction: string;
}

const factNames: Readonly<Record<keyof SeverityFacts, string>> = { primaryDown: 'primary down', dataLoss: 'data loss', networkOutage: 'network outage' };

/** Score, escalation level and the source's action for what is known of an incident. */
export function judgeSeverity(plan: Pick<Plan, 'severity' | 'escalation'>, facts: SeverityFacts): Severity {
  const counted = (Object.keys(factNames) as (keyof SeverityFacts)[]).filter((fact) => facts[fact]);
  const score = counted.reduce((sum, fact) => sum + plan.severity.scores[fact], 0);
  return {
    score,
    scoreParts: counted.map((fact) => `${factNames[fact]}: ${plan.severity.scores[fact]}`),
    escalationLevel: reached(plan.escalation, score)?.level ?? 0,
    sourceRuleAction: reached(plan.severity.sourceRule, score)?.action ?? 'nothing',
  };
}

/** What an incident can be judged as: one severity for each combination of facts. */
export function possibleSeverities(plan: Pick<Plan, 'severity' | 'escalation'>): readonly Severity[] {
  const either = [false, true];
  return either.flatMap((primaryDown) =>
    either.flatMap((dataLoss) => either.map((networkOutage) => judgeSeverity(plan, { primaryDown, dataLoss, networkOutage }))),
  );
}

/** The entry with the highest threshold that the score reaches. */
function reached<T extends { readonly fromScore: number }>(entries: readonly T[], score: number): T | undefined {
  return entries
    .filter((entry) => entry.fromScore <= score)
    .reduce<T | undefined>((best, entry) => (best === undefined || entry.fromScore > best.fromScore ? entry : best), undefined);
}
