/**
 * Cold start (plan, section 4: Full DR Site Activation): the service comes back at a site that has nothing but backups, when no running site is left.
 *
 *  1. Confirm that every site with a copy of the data has failed; read to which moments the target can be restored, and what would be made for it to stand on.
 *  2. People decide at the activation gate, and choose one moment. The run confirms once more and takes the epoch. Where too few hold it, people accept that by their number.
 *  3. Fence each failed site and prove it. What cannot be proven, people accept by a typed figure.
 *  4. Make what the target is built on, as it was shown. Restore the database to that moment behind closed doors, and cache, session data and application as they were before it; prove each; bring up capacity. Make session data and application
 *     current once their settings are tested; check files and certificate. All of it can be discarded.
 *  5. Let the site's own service in, start it, verify every function by content, tier by tier. People accept what was restored.
 *  6. POINT OF NO RETURN: open the database for good. Only then route traffic, and verify as a customer.
 *  7. Watch, confirm who can write, make a first backup, update monitoring, tell stakeholders. The conductor stores the report at every ending.
 *
 * One await is one step, or steps that run side by side; the ids are those of the plan.
 */
import { seconds } from '../../plan/durations.ts';
import type { Report } from '../../report/report.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { conduct } from '../engine/conduct.ts';
import type { ProcedureDefinition } from '../engine/procedure.ts';
import { outageReport, outageStatus } from '../estate/outage.ts';
import { type ColdStartFacts, newColdStartFacts } from '../estate/restored.ts';
import { mustBeBuiltFromNothing } from '../estate/sites.ts';
import { acceptRestored } from '../questions/acceptance.ts';
import { askIfTooFewHold } from '../questions/holders.ts';
import { chooseMoment, mustStillBeRestorable } from '../questions/restore-point.ts';
import { askIfFenceIsUnproven } from '../questions/risk.ts';
import { claimEpoch } from '../steps/claiming.ts';
import { confirmRestoredWriter, notifyStakeholders, observeRestored, updateMonitoring } from '../steps/closing.ts';
import { confirmFailure, mustBeFailed } from '../steps/detection.ts';
import { firstBackup } from '../steps/first-backup.ts';
import { fenceByFirstProof } from '../steps/fencing.ts';
import { prepareInfrastructure, previewInfrastructure } from '../steps/infrastructure.ts';
import { checkApplication, raiseCapacity } from '../steps/preparation.ts';
import { admitServices, confirmChoice, openDatabase, readPoints, restoreDatabase, restoreSnapshot, startServicesBehindDoors } from '../steps/restoring.ts';
import { routeGradually } from '../steps/shares.ts';
import { configure } from '../steps/trees.ts';
import { verifyAsCustomer, verifyFirstTier, verifyLowerTiers, watchService } from '../steps/verification.ts';
import type { ColdStartInput } from '../wire/cold-start.ts';

const definition: ProcedureDefinition<'coldStart', ColdStartFacts> = {
  name: 'coldStart',
  firstPhase: 'detecting',
  beginsAt: 'activation',
  goodEnd: 'recovered',
  checkPlaces: mustBeBuiltFromNothing,
  newFacts: ({ from, declaredFailed }) => newColdStartFacts(from, declaredFailed ? { declaredFailed } : {}),
  status: outageStatus,
  report: outageReport,
  readEnd: async (run, facts) => void (await observeRestored(run, facts, toolsFor('Read which servers can write', 30).read)),
  body: async (run, facts) => {
    await run.step('confirm-failure', confirmFailure(run, facts));
    mustBeFailed(run, facts, { holdSeconds: seconds(run.plan.estate.detection.holdTime) });
    await run.step('read-points', readPoints(run, facts));
    await run.together({ 'preview-infrastructure': previewInfrastructure(run, facts) });

    run.enter('deciding');
    await run.step('activation', chooseMoment(run, facts));

    run.enter('fencing');
    await run.step('confirm-again', confirmChoice(run, facts));
    mustBeFailed(run, facts, { holdSeconds: 0 });
    mustStillBeRestorable(run, facts);
    const claim = await run.step('claim-epoch', claimEpoch(run, facts));
    await askIfTooFewHold(run, facts, claim);
    await run.step('fence-sites', fenceByFirstProof(run, facts));
    await askIfFenceIsUnproven(run, facts, { count: async () => {}, goOn: (target) => `Build ${target}` });

    run.enter('preparing');
    await run.together({ 'prepare-infrastructure': prepareInfrastructure(run, facts) });
    await run.together({
      'restore-database': restoreDatabase(run, facts),
      'restore-cache': restoreSnapshot(run, facts, 'cache'),
      'restore-sessions': restoreSnapshot(run, facts, 'sessions'),
      'restore-application': restoreSnapshot(run, facts, 'application'),
      'raise-capacity': raiseCapacity(run),
    });
    await run.together({ configure: configure(run, facts) });
    await run.step('check-application', checkApplication(run));

    run.enter('verifying');
    await run.step('admit-services', admitServices(run, facts));
    await run.step('start-services', startServicesBehindDoors(run));
    await run.step('verify-first-tier', verifyFirstTier(run, facts));
    await run.step('verify-lower-tiers', verifyLowerTiers(run, facts));
    await run.step('acceptance', acceptRestored(run, facts));

    run.enter('promoting');
    await run.step('open-database', openDatabase(run, facts));

    run.enter('routing');
    await run.step('route-traffic', routeGradually(run, facts));
    await run.step('verify-as-customer', verifyAsCustomer(run, facts));

    run.enter('watching');
    await run.step('watch', watchService(run, facts));

    run.enter('closing');
    await run.step('confirm-writers', confirmRestoredWriter(run, facts));
    await run.together({
      'first-backup': firstBackup(run),
      'update-monitoring': updateMonitoring(run),
      'notify-stakeholders': notifyStakeholders(run, facts, `the cold start at ${run.places.target}`),
    });
  },
};

export async function coldStart(input: ColdStartInput): Promise<Report> {
  return conduct(definition, input);
}
