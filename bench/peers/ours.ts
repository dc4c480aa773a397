/** Our run, as a service drives it: started when the site is lost, decided by two people, measured from the vote that made the quorum. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchEstate } from '../estate.ts';
import type { RunStatus } from '../../client/index.ts';
import type { Report } from '../../report/report.ts';
import { failedSite, targetSite } from '../scene.ts';
import type { Contender, Recovery, StepTime } from './contender.ts';

const startedBy = 'carol-brown';
const lookEveryMs = 200;

/** `onReport` gets each run's report; its history is still at the server then. */
export function ourRun(estate: BenchEstate, onReport: (report: Report) => Promise<void>): Contender {
  const { client, snapshot, runId } = estate;
  return {
    name: 'our run',
    prepare: async () => undefined,
    async recover(_condition, lostAt, settleSeconds): Promise<Recovery> {
      await client.startRegionalFailover({
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
      const ended = client.result(runId).then(async (report) => {
        await onReport(report);
        if (report.outcome !== 'recovered') throw new Error(`Our run ended "${report.outcome}": ${report.summary} ${report.exceptions.join(' ')}`);
        return stepTimes(report);
      });
      return { decidedAt: Date.parse(decision.closedAt), ended };
    },
  };
}

async function openGate(estate: BenchEstate): Promise<NonNullable<RunStatus['gate']>> {
  for (;;) {
    const view = await estate.client.status(estate.runId);
    if (view.state === 'running' && view.status.gate) return view.status.gate;
    if (view.state !== 'running') throw new Error(`Our run is ${view.state} before anybody was asked.`);
    await pause(lookEveryMs);
  }
}

/** Steps after the decision; those that run side by side show the same time. */
function stepTimes(report: Report): readonly StepTime[] {
  const after = report.steps.slice(report.steps.findIndex((step) => step.id === 'activation') + 1);
  return after.map((step) => ({ step: step.id, seconds: step.durationSeconds ?? 0 }));
}
