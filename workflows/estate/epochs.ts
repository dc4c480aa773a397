/** The epochs that are held, by which a run chooses its own. */
import { seconds } from '../../plan/durations.ts';
import { epochStepsMax, type Held, outOfReach } from '../../plan/rules/epochs.ts';
import { witnessesOf, witnessHolder, zone as zoneHolder } from '../../plan/rules/holders.ts';
import type { Reads } from '../../activities/index.ts';
import type { EpochSurvey, EpochFacts } from './facts.ts';
import { now } from '../engine/clock.ts';
import { failure } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';

/** Asks all who hold an epoch: all agents, the failed site's too, the zone, and the plan's witnesses where it has any. */
export async function surveyEpochs(run: Course, read: Reads): Promise<EpochSurvey> {
  const askedAt = now();
  const [agents, zone, witnesses] = await Promise.all([
    read.readAgents({ run: run.context(), sites: [...new Set([run.places.source, ...run.plan.sites.map(({ id }) => id)])] }),
    read.readZoneEpoch({ run: run.context() }),
    witnessesOf(run.plan).length === 0 ? [] : read.readWitnesses({ run: run.context() }),
  ]);
  return { askedAt, agents, zone, witnesses };
}

/**
 * The survey that went along with the last look at the site, else a new one. Used once: a step that is tried again looks anew, and so does one that people held for longer than
 * evidence lasts. An epoch that rose in between is refused by those who hold it.
 */
export async function takeSurvey(run: Course, facts: EpochFacts, read: Reads): Promise<EpochSurvey> {
  const kept = facts.epochSurvey;
  facts.epochSurvey = null;
  const fresh = kept !== null && Date.now() - Date.parse(kept.askedAt) <= seconds(run.plan.estate.detection.evidenceMaxAge) * 1000;
  return fresh ? kept : surveyEpochs(run, read);
}

export function heldBy({ agents, zone, witnesses }: EpochSurvey): readonly Held[] {
  return [
    ...agents.flatMap((agent) => (agent.reachable ? [{ epoch: agent.epoch, holder: agent.epochHolder, where: agent.site }] : [])),
    ...(zone.reachable ? [{ epoch: zone.epoch, holder: zone.holder, where: zoneHolder.called }] : []),
    ...witnesses.flatMap((seen) => (seen.reachable ? [{ epoch: seen.epoch, holder: seen.holder, where: witnessHolder(seen.witness).called }] : [])),
  ];
}

/** One above the highest epoch seen; a step that is tried again keeps the epoch that it holds already. Refused when one place holds what the others could not take. */
export function nextEpoch(held: readonly Held[], execution: string): number {
  const alone = outOfReach(held);
  if (alone) {
    const { epoch, holder, where } = alone.highest;
    throw failure('refused', {
      happened: `Epoch ${epoch} of ${holder || 'nobody'} at ${where} is more than ${epochStepsMax} above ${alone.next}, the next one below it.`,
      leftAs: 'Nothing was changed.',
      next: `Find out who wrote it. Set it back to ${alone.next} at ${where} by hand (docs/operations.md, "Epochs"), then choose retry.`,
    });
  }
  const highest = Math.max(0, ...held.map(({ epoch }) => epoch));
  const ours = highest > 0 && held.filter(({ epoch }) => epoch === highest).every(({ holder }) => holder === execution);
  return ours ? highest : highest + 1;
}

/** The zone that holds an older epoch: a worker that was left behind is still refused by the agents, which it asks first, but not by the zone itself. */
export function zoneLeftover(run: Course): string {
  return `The DNS zone of ${run.plan.estate.dns.recordName} does not hold epoch ${run.epoch}: it could not be written, and the timeline says why. Until a later change writes it, only the site agents keep an older run from changing the records.`;
}
