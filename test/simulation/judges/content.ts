/** "No traffic for a target whose content is wrong", by what the model knows of each function at the moment when customers were sent there. */
import type { FunctionVerdict } from '../../../activities/verification/port.ts';
import { servedFunctions } from '../../../plan/rules/objectives.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { Routed } from '../estate.ts';
import { runbookOf } from '../../driven/driven.ts';
import type { Lived } from '../simulation.ts';

/** Customers meet no function that was broken when it was judged, or that nobody judged; people may have chosen to go on without those of lower tiers. */
export function servedContent(lived: Lived, plan: Plan): string[] {
  const served = servedFunctions(plan);
  const [first] = served;
  return lived.estate.routed.flatMap((routed) =>
    served
      .filter(({ id, tier }) => {
        const since = routed.broken.get(id);
        if (since === undefined || brokeSinceVerified(lived, routed, id, since)) return false;
        return tier === first?.tier || !wentOnWithout(lived, routed, plan);
      })
      .map(
        ({ id }) =>
          `Customers were sent to ${routed.site} at ${new Date(routed.at).toISOString()} while ${id} was broken there, and no look had found it well before`,
      ),
  );
}

function brokeSinceVerified({ witness }: Lived, { execution, at }: Routed, id: string, since: number): boolean {
  const verdicts = witness.asked.flatMap(({ name, told, execution: by }) =>
    by === execution && name === 'verifyFunction' && told?.ok && told.at <= at ? [told.value as FunctionVerdict] : [],
  );
  const last = verdicts.findLast((verdict) => verdict.function === id);
  return last !== undefined && last.status !== 'failed' && Date.parse(last.at) <= since;
}

function wentOnWithout({ gates, driven }: Lived, { execution, at }: Routed, plan: Plan): boolean {
  const step = runbookOf(plan, driven.procedure).steps.find(({ id }) => id === 'verify-lower-tiers');
  return gates.some(
    (gate) =>
      gate.execution === execution && gate.decision === 'skip' && gate.question.startsWith(`"${step?.name}" failed`) && Date.parse(gate.closedAt ?? '') <= at,
  );
}
