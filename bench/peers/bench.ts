/** The peers' table: from the decision until customers could be served at the target. */
import { markdownTable } from 'markdown-table';
import { BenchEstate } from '../estate.ts';
import type { PartOptions } from '../part.ts';
import { ensurePeerPrograms } from '../setup.ts';
import { median, spread } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { ourRun } from './ours.ts';
import { peers } from './peers.ts';
import { playRounds, type Scene, scenes, settleSeconds, type Round } from './rounds.ts';

export async function benchPeers({ rounds, progress }: PartOptions): Promise<string> {
  const programs = await ensurePeerPrograms(progress);
  const estate = await BenchEstate.start('by the control plane alone', progress);
  try {
    const others = peers(estate, programs);
    const contenders = [ourRun(estate), ...others.contenders];
    try {
      const played = await playRounds(estate, contenders, rounds, progress);
      return [peersTable(contenders, played), stepLines(contenders, played)].join('\n\n');
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
