/** Every running site is lost, and the service comes back from backups at a site that has nothing else. */
import type { CustomerFigures } from '../customers/figures.ts';
import type { Stack } from '../orchestrator/stack.ts';
import { waitFor } from '../orchestrator/programs.ts';
import { type Comparison, judged, outageChecks, type ReportView } from './compare.ts';
import type { Story } from './story.ts';

const lost = ['us-east-1', 'eu-central-1', 'ap-southeast-1'];
const target = 'dr';
const sessions = 'session-management';

/** The newest moment that can be restored; undefined where nothing can. */
async function newest(stack: Stack): Promise<string | undefined> {
  const answer = await stack.dr('restore', 'points', '--json');
  if (answer.code !== 0) return undefined;
  const { sites } = JSON.parse(answer.out) as { sites: { sets?: { latest?: string }[] }[] };
  return sites[0]?.sets?.at(-1)?.latest;
}

export const coldStart: Story = {
  async prepare(stack, say) {
    say((await stack.lab('backup')).trim());
    await waitFor('Something to restore', async () => (await newest(stack)) !== undefined, 60_000);
    say(`\n${(await stack.dr('restore', 'points')).out.trimEnd()}\n`);
  },
  async lose(stack) {
    const at = new Date().toISOString();
    await Promise.all(lost.map((site) => stack.lab('kill', site)));
    return `${lost.join(', ')} are gone at ${at}: nothing runs any more.`;
  },
  starts: ['coldstart', 'start', '--at', target],
  answers: {
    activation: (gate) => gate.choices.map((line) => line.split(': ')[0] ?? '').find((choice) => choice.startsWith('restore ')) ?? 'approve',
    'accepted-risk': (gate) => gate.choices[0]?.split(': ')[0] ?? null,
    acceptance: () => 'accept',
  },
  compare: compareRestored,
};

/** Something is lost, and nobody says otherwise: it must be what was acknowledged after the moment that people chose, and no more than that. */
export function compareRestored(report: ReportView, figures: CustomerFigures, probeIntervalSeconds: number): Comparison {
  const chosen = String(report.gates.find(({ gate }) => gate.startsWith('activation'))?.answer?.value ?? '');
  const rows = figures.missing.writes.filter((write) => write.function !== sessions);
  const before = rows.filter(({ acknowledgedAt }) => Date.parse(acknowledgedAt) <= Date.parse(chosen));
  return judged([
    ...outageChecks(report, figures, probeIntervalSeconds),
    [
      chosen !== '' && before.length === 0 && figures.missing.unknown.length === 0,
      `rows lost: ${figures.missing.rows}, all of them acknowledged after ${chosen}, to which people chose to go back`,
    ],
  ]);
}
