/**
 * Regional failover (plan, section 4: Regional Failover Procedure).
 *
 *  1. Confirm the failure from two kinds of vantage point over the hold time; assess and score it.
 *  2. People decide at the activation gate. The run confirms once more and takes the epoch. Where too few hold it, people accept that by their number.
 *  3. Fence the failed site and prove it. What cannot be proven, people accept by a typed figure.
 *  4. Prepare the target, all of it undoable: catch up, lag, capacity, files and certificate.
 *  5. POINT OF NO RETURN: promote database and cache, protect the data again as soon as its database is promoted, start the services.
 *  6. Verify every function by content, tier by tier. Only then route traffic, and verify as a customer.
 *  7. Watch, confirm who can write, update monitoring, tell stakeholders. The conductor stores the report at every ending.
 *
 * One await is one step, or steps that run side by side; the ids are those of the plan.
 */
import { seconds } from '../../plan/durations.ts';
import type { Report } from '../../report/report.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { conduct } from '../engine/conduct.ts';
import type { ProcedureDefinition } from '../engine/procedure.ts';
import { newFacts, type RecoveryFacts } from '../estate/facts.ts';
import { outageReport, outageStatus } from '../estate/outage.ts';
import { observeServers } from '../estate/servers.ts';
import { mustLeadElsewhere } from '../estate/sites.ts';
import { activation } from '../questions/activation.ts';
import { askIfFenceIsUnproven, askIfLossIsTooLarge } from '../questions/risk.ts';
import { mustStillBeReady } from '../questions/target.ts';
import { askIfTooFewHold } from '../questions/holders.ts';
import type { RegionalFailoverInput } from '../wire/regional-failover.ts';
import { confirmWriters, notifyStakeholders, updateMonitoring } from '../steps/closing.ts';
import { assessImpact, confirmAgain, confirmFailure, mustBeFailed } from '../steps/detection.ts';
import { claimEpoch } from '../steps/claiming.ts';
import { fenceByFirstProof } from '../steps/fencing.ts';
import { catchUpCache, catchUpDatabase, checkApplication, checkLag, raiseCapacity } from '../steps/preparation.ts';
import { promoteCache, promoteDatabase, protectData, startServices } from '../steps/promotion.ts';
import { routeTraffic } from '../steps/traffic.ts';
import { verifyAsCustomer, verifyFirstTier, verifyLowerTiers, watchService } from '../steps/verification.ts';

const definition: ProcedureDefinition<'regionalFailover', RecoveryFacts> = {
  name: 'regionalFailover',
  firstPhase: 'detecting',
  beginsAt: 'activation',
  goodEnd: 'recovered',
  checkPlaces: (plan, places) => mustLeadElsewhere(plan, 'regionalFailover', places),
  newFacts: ({ from, declaredFailed }) => newFacts([from], declaredFailed ? { declaredFailed } : {}),
  status: outageStatus,
  report: outageReport,
  readEnd: async (run, facts) => void (await observeServers(run, facts, toolsFor('Read which servers can write', 30).read)),
  body: async (run, facts) => {
    await run.step('confirm-failure', confirmFailure(run, facts));
    mustBeFailed(run, facts, { holdSeconds: seconds(run.plan.estate.detection.holdTime) });
    const assessment = await run.step('assess-impact', assessImpact(run, facts));

    run.enter('deciding');
    await run.step('activation', activation(run, facts, assessment));

    run.enter('fencing');
    await run.step('confirm-again', confirmAgain(run, facts));
    mustBeFailed(run, facts, { holdSeconds: 0 });
    await mustStillBeReady(run, facts);
    const claim = await run.step('claim-epoch', claimEpoch(run, facts));
    await askIfTooFewHold(run, facts, claim);
    await run.step('fence-site', fenceByFirstProof(run, facts));
    await askIfFenceIsUnproven(run, facts);

    run.enter('preparing');
    await run.together({
      'catch-up-database': catchUpDatabase(run),
      'catch-up-cache': catchUpCache(run),
      'raise-capacity': raiseCapacity(run),
      'check-application': checkApplication(run),
    });
    await run.step('check-lag', checkLag(run, facts));
    await askIfLossIsTooLarge(run, facts);

    run.enter('promoting');
    await run.together(
      {
        'promote-database': promoteDatabase(run),
        'promote-cache': promoteCache(run),
        'protect-data': protectData(run),
        'start-services': startServices(run),
      },
      { after: { 'protect-data': ['promote-database'], 'start-services': ['promote-database', 'promote-cache'] } },
    );

    run.enter('verifying');
    await run.step('verify-first-tier', verifyFirstTier(run, facts));
    await run.step('verify-lower-tiers', verifyLowerTiers(run, facts));

    run.enter('routing');
    await run.step('route-traffic', routeTraffic(run, facts));
    await run.step('verify-as-customer', verifyAsCustomer(run, facts));

    run.enter('watching');
    await run.step('watch', watchService(run, facts));

    run.enter('closing');
    await run.step('confirm-writers', confirmWriters(run, facts));
    await run.together({
      'update-monitoring': updateMonitoring(run),
      'notify-stakeholders': notifyStakeholders(run, facts, `the failover to ${run.places.target}`),
    });
  },
};

export async function regionalFailover(input: RegionalFailoverInput): Promise<Report> {
  return conduct(definition, input);
}
