/** The peers' table: from the decision until customers could be served at the target. */
import { markdownTable } from 'markdown-table';
import { BenchEstate, type Condition, conditions } from '../estate.ts';
import type { PartOptions } from '../part.ts';
import { ensurePeerPrograms } from '../setup.ts';
import { median, spread } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { ourName, ourRun } from './ours.ts';
import { peers } from './peers.ts';
import { distances, playRounds, type Round, type Scene, scenes, settleSeconds } from './rounds.ts';

/** The step after which customers could be served. */
const lastBeforeReady = 'verify-lower-tiers';

export async function benchPeers({ rounds, progress }: PartOptions): Promise<string> {
  const programs = await ensurePeerPrograms(progress);
  const estate = await BenchEstate.start('by the control plane alone', progress);
  try {
    const others = peers(estate, programs);
    const contenders = [ourRun(estate), ...others.contenders];
    try {
      const played = await playRounds(estate, contenders, rounds, progress);
      return [peersTable(contenders, played), roundTripTable(played), stepLines(contenders, played)].join('\n\n');
    } finally {
      await others.close();
    }
  } finally {
    await estate.stop();
  }
}

function peersTable(contenders: readonly Contender[], played: readonly Round[]): string {
  const [ours] = contenders;
  const rows = scenes.flatMap(({ condition, distanceMs }) =>
    contenders.map(({ name }) => {
      const of = (contender: string) => roundsOf(played, contender, { condition, distanceMs });
      const seconds = (contender: string) => of(contender).map((round) => round.readBackSeconds);
      const ratio = median(seconds(ours?.name ?? '')) / median(seconds(name));
      return [
        condition,
        `${distanceMs} ms`,
        name,
        spread(seconds(name), 2),
        spread(
          of(name).map((round) => round.authoritativeSeconds),
          2,
        ),
        name === ours?.name ? '' : ratio.toFixed(2),
        of(name)
          .map((round) => round.lostWrites ?? '?')
          .join(' '),
      ];
    }),
  );
  return [
    `## The same failover, ${contenders.length} ways`,
    `Seconds from the decision (${settleSeconds} s or more after the loss) until a row written at the new address is read back; hold time and TTL are not part of it.`,
    markdownTable([['primary', 'each way', 'who', 'row read back, s', 'authoritative, s', 'ours ÷ this', 'acknowledged writes lost, each round'], ...rows]),
  ].join('\n\n');
}

/** How often a step of our run goes there and back one after the other: what the distance costs it, in ways there and back. */
function roundTripTable(played: readonly Round[]): string {
  const far = Math.max(...distances);
  const ours = (condition: Condition, distanceMs: number) => roundsOf(played, ourName, { condition, distanceMs });
  const secondsOf = (rounds: readonly Round[], step: string) => median(rounds.map(({ steps }) => steps.find((each) => each.step === step)?.seconds ?? 0));
  const steps = ours(conditions[0] as Condition, far)[0]?.steps.map(({ step }) => step) ?? [];
  const upToReady = steps.slice(0, steps.indexOf(lastBeforeReady) + 1);
  const rows = upToReady.map((step) => [
    step,
    ...conditions.flatMap((condition) => {
      const [none, distant] = [secondsOf(ours(condition, 0), step), secondsOf(ours(condition, far), step)];
      return [none.toFixed(2), distant.toFixed(2), Math.max(0, ((distant - none) * 1000) / (2 * far)).toFixed(1)];
    }),
  ]);
  const header = ['step', ...conditions.flatMap((condition) => [`${condition}, 0 ms, s`, `${far} ms, s`, 'ways there and back'])];
  return [
    '## What the distance costs',
    `Our run's steps up to "ready", medians; a way there and back takes ${2 * far} ms. Steps that run side by side each show their own.`,
    markdownTable([header, ...rows]),
    readyLine(played),
  ].join('\n\n');
}

/** From approval to ready for traffic, by the report's clock. */
function readyLine(played: readonly Round[]): string {
  const figures = scenes.map((scene) => {
    const seconds = roundsOf(played, ourName, scene).flatMap(({ readySeconds }) => readySeconds ?? []);
    return `${scene.condition} at ${scene.distanceMs} ms ${spread(seconds, 2)} s`;
  });
  return `From approval to ready, by the report: ${figures.join('; ')}.`;
}

/** Where the time went, in the round nearest the median. */
function stepLines(contenders: readonly Contender[], played: readonly Round[]): string {
  const lines = scenes.flatMap(({ condition, distanceMs }) =>
    contenders.flatMap(({ name }) => {
      const rounds = roundsOf(played, name, { condition, distanceMs });
      const middle = median(rounds.map((round) => round.readBackSeconds));
      const [nearest] = [...rounds].sort((one, other) => Math.abs(one.readBackSeconds - middle) - Math.abs(other.readBackSeconds - middle));
      if (!nearest) return [];
      return [`- ${condition}, ${distanceMs} ms, ${name}: ${nearest.steps.map(({ step, seconds }) => `${step} ${seconds.toFixed(2)}`).join(' · ')}`];
    }),
  );
  return `Where the time went in the round nearest the median, seconds (our steps that run side by side each show their own time):\n\n${lines.join('\n')}`;
}

function roundsOf(played: readonly Round[], contender: string, scene: Scene): readonly Round[] {
  return played.filter((round) => round.contender === contender && round.condition === scene.condition && round.distanceMs === scene.distanceMs);
}
