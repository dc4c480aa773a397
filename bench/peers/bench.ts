/** The peers' table: from the decision until customers could be served at the target. */
import { markdownTable } from 'markdown-table';
import { BenchEstate, conditions } from '../estate.ts';
import type { PartOptions } from '../part.ts';
import { ensurePeerPrograms } from '../setup.ts';
import { median, spread } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { ourRun } from './ours.ts';
import { peers } from './peers.ts';
import { playRounds, settleSeconds, type Round } from './rounds.ts';

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
  const rows = conditions.flatMap((condition) =>
    contenders.map(({ name }) => {
      const of = (contender: string) => played.filter((round) => round.contender === contender && round.condition === condition);
      const seconds = (contender: string) => of(contender).map((round) => round.readBackSeconds);
      const ratio = median(seconds(ours?.name ?? '')) / median(seconds(name));
      return [
        condition,
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
    markdownTable([['primary', 'who', 'row read back, s', 'authoritative, s', 'ours ÷ this', 'acknowledged writes lost, each round'], ...rows]),
  ].join('\n\n');
}

/** Where the time went, in the round nearest the median. */
function stepLines(contenders: readonly Contender[], played: readonly Round[]): string {
  const lines = conditions.flatMap((condition) =>
    contenders.flatMap(({ name }) => {
      const rounds = played.filter((round) => round.contender === name && round.condition === condition);
      const middle = median(rounds.map((round) => round.readBackSeconds));
      const [nearest] = [...rounds].sort((one, other) => Math.abs(one.readBackSeconds - middle) - Math.abs(other.readBackSeconds - middle));
      if (!nearest) return [];
      return [`- ${condition}, ${name}: ${nearest.steps.map(({ step, seconds }) => `${step} ${seconds.toFixed(2)}`).join(' · ')}`];
    }),
  );
  return `Where the time went in the round nearest the median, seconds (our steps that run side by side each show their own time):\n\n${lines.join('\n')}`;
}
