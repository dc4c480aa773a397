/** Our run, as a service drives it: started when the site is lost, decided by two people, measured from the vote that made the quorum. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchEstate } from '../estate.ts';
import type { RunStatus } from '../../client/index.ts';
import { outageClock } from '../../report/clock-words.ts';
import type { Report } from '../../report/report.ts';
import { failedSite, targetSite } from '../scene.ts';
import type { Contender, Recovery, StepTime } from './contender.ts';

export const ourName = 'our run';
const startedBy = 'carol-brown';
const lookEveryMs = 200;
const gateWithinMs = 120_000;

export function ourRun(estate: BenchEstate): Contender {
  const { client, snapshot, runId } = estate;
  return {
    name: ourName,
    prepare: async () => undefined,
    async recover(lostAt, settleSeconds): Promise<Recovery> {
      await client.start('regionalFailover', {
        estate: snapshot.plan.estate.name,
        from: failedSite,
        to: targetSite,
        mode: 'live',
        startedBy,
        planDigest: snapshot.digest,
      });
      const gate = await openGate(estate);
      await pause(Math.max(0, lostAt + settleSeconds * 1000 - Date.now()));
      for (const who of gate.electorate.slice(0, 2)) await client.vote(runId, { gate: gate.gate, choice: 'approve', who, reason: 'the benchmark' });
      const decision = (await client.report(runId)).gates.find((entry) => entry.gate === gate.gate);
      if (decision?.closedAt === undefined) throw new Error(`The gate ${gate.gate} is still open after two votes.`);
      const ended = client.result(runId).then((report) => {
        if (report.outcome !== 'recovered') throw new Error(`Our run ended "${report.outcome}": ${report.summary} ${report.exceptions.join(' ')}`);
        return { steps: stepTimes(report), readySeconds: outageClock(report)?.executionSeconds ?? null };
      });
      return { decidedAt: Date.parse(decision.closedAt), ended };
    },
  };
}

/** On a busy machine a run may leave a question unanswered for a while; it is asked again. */
async function openGate(estate: BenchEstate): Promise<NonNullable<RunStatus['gate']>> {
  const deadline = Date.now() + gateWithinMs;
  for (;;) {
    const view = await estate.client.status(estate.runId);
    if (view.state === 'running' && view.status.gate) return view.status.gate;
    if (view.state === 'ended' || view.state === 'broken') throw new Error(`Our run is ${view.state} before anybody was asked.`);
    if (Date.now() > deadline) throw new Error(`Our run did not ask anybody within ${gateWithinMs / 1000} s.`);
    await pause(lookEveryMs);
  }
}

/** Steps after the decision; those that run side by side show the same time. */
function stepTimes(report: Report): readonly StepTime[] {
  const after = report.steps.slice(report.steps.findIndex((step) => step.id === 'activation') + 1);
  return after.map((step) => ({ step: step.id, seconds: step.durationSeconds ?? 0 }));
}
