/** Rounds of all contenders under all conditions, interleaved, so that what changes on the machine while they run falls on all of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { certificateFiles } from '../../lab/certificates.ts';
import { ports } from '../../lab/addresses.ts';
import { publicHost } from '../../lab/settings.ts';
import { conditions, type BenchEstate, type Condition } from '../estate.ts';
import { untilServedAtTarget, type JudgeOptions } from '../judge.ts';
import { targetSite } from '../scene.ts';
import type { Contender, StepTime } from './contender.ts';

/** No distance, and that between two regions of one continent. */
export const distances: readonly number[] = [0, 40];
/** From the loss to the earliest decision: long enough for our run's hold time and gate, the same for all. */
export const settleSeconds = 8;
const judgedWithinMs = 180_000;

/** How the site is lost, and how far from each other the sites are. */
export type Scene = Pick<Round, 'condition' | 'distanceMs'>;
export const scenes: readonly Scene[] = distances.flatMap((distanceMs) => conditions.map((condition) => ({ condition, distanceMs })));

export interface Round {
  readonly contender: string;
  readonly condition: Condition;
  /** Between the sites and everybody else, milliseconds each way. */
  readonly distanceMs: number;
  /** Seconds from the decision until the authoritative answer, and until the row was read back. */
  readonly authoritativeSeconds: number;
  readonly readBackSeconds: number;
  readonly steps: readonly StepTime[];
  readonly readySeconds: number | null;
  /** Writes that were acknowledged to customers and are gone; null when the lab cannot tell. */
  readonly lostWrites: number | null;
}

export async function playRounds(
  estate: BenchEstate,
  contenders: readonly Contender[],
  rounds: number,
  progress: (line: string) => void,
): Promise<readonly Round[]> {
  const played: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { condition, distanceMs } of scenes) {
      // Each begins once, when there are as many rounds as contenders.
      for (const contender of contenders.map((_, index) => contenders[(index + round) % contenders.length] as Contender)) {
        const result = await playRound(estate, contender, { condition, distanceMs });
        played.push(result);
        const told = `${result.readBackSeconds.toFixed(2)} s, acknowledged writes lost: ${result.lostWrites ?? 'unknown'}`;
        progress(`round ${round + 1} of ${rounds}, ${condition}, ${distanceMs} ms away: ${contender.name} ${told}`);
      }
    }
  }
  return played;
}

async function playRound(estate: BenchEstate, contender: Contender, { condition, distanceMs }: Scene): Promise<Round> {
  await estate.reset();
  await estate.keepApart(distanceMs);
  await contender.prepare();
  await pause(2_000); // a while of ordinary work, so that there are writes to lose
  const lostAt = Date.now();
  await estate.lose(condition);
  const { decidedAt, ended } = await contender.recover(lostAt, settleSeconds);
  const failed = new Promise<never>((_, reject) => void ended.catch(reject));
  const verdict = await Promise.race([untilServedAtTarget(judgeOptions(estate), judgedWithinMs), failed]);
  const { steps, readySeconds } = await ended;
  const { missing } = await estate.figures(new Date(lostAt - 5_000).toISOString());
  return {
    contender: contender.name,
    condition,
    distanceMs,
    authoritativeSeconds: (verdict.authoritativeAt - decidedAt) / 1000,
    readBackSeconds: (verdict.readBackAt - decidedAt) / 1000,
    steps,
    readySeconds,
    lostWrites: missing.unknown.length > 0 ? null : missing.count,
  };
}

function judgeOptions({ lab }: BenchEstate): JudgeOptions {
  return {
    authoritative: { host: lab.addresses.authoritative, port: lab.addresses.dns.port },
    publicHost,
    publicPort: ports.service,
    caFile: certificateFiles(lab.directory).ca,
    target: { address: lab.addresses.seen(targetSite, 'customers'), site: targetSite },
  };
}
