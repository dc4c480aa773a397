/** A workflow that computes for as long as it is told, as one does that was sent thousands of messages, on a machine that is busy with others. */

/** The count that so many rounds come to. */
export async function longDecision(rounds: number): Promise<number> {
  let count = 0;
  for (let round = 0; round < rounds; round += 1) count = (count * 31 + round) % 1_000_003;
  return count;
}
