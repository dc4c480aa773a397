/**
 * Goal: whatever a plan has become, its check answers with findings and exit code 0 or 2, and "can be used" is said of no plan that a run could not work with. Method: seeded
 * mutations of all plans of the repository; the model (test/simulation) runs what the check calls usable. DR_MUTANTS says how many, DR_SEED repeats a run, DR_MUTANT one case of it.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPlan } from '../../../plan/load.ts';
import type { Plan } from '../../../plan/schema.ts';
import { runDr } from '../../client/support.ts';
import { regionalFailover } from '../../driven/regional-failover.ts';
import { AnyPlan } from '../../simulation/any-plan.ts';
import { randomFrom } from '../../support/random.ts';
import { mutantOf } from './mutations.ts';

const root = resolve(import.meta.dirname, '../../..');
const mutants = Number(process.env['DR_MUTANTS'] ?? 100);
const seed = Number(process.env['DR_SEED'] ?? 20260301);
const only = process.env['DR_MUTANT'];
/** The model runs whole recoveries: of many mutants it runs so many. */
const runsMax = 3000;

interface Original {
  readonly plan: Plan;
  readonly folder: string;
}

let originals: readonly Original[];
let model: AnyPlan;

beforeAll(async () => {
  originals = await Promise.all(['plan/erlmcp', 'test/plans/library', 'test/plans/tickets'].map(originalOf));
  const [first] = originals;
  if (!first) throw new Error('There is no plan.');
  model = await AnyPlan.create(regionalFailover, { plan: first.plan, digest: '' });
});
afterAll(async () => {
  for (const { folder } of originals) await rm(folder, { recursive: true });
});

/** The plan, and a folder with what belongs to it beside its YAML. */
async function originalOf(name: string): Promise<Original> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-fuzz-'));
  await cp(join(root, name), folder, { recursive: true, filter: (file) => !file.endsWith('.yaml') });
  return { plan: (await loadPlan(join(root, name))).plan, folder };
}

/** What is wrong with the answer of the check; null when nothing is. */
function wrongAnswer({ code, out, err }: { readonly code: number; readonly out: string; readonly err: string }): string | null {
  if (code !== 0 && code !== 2) return `exit ${code}: ${err}`;
  if (err !== '') return `says ${err}`;
  const lines = out.split('\n').slice(0, -2);
  const odd = lines.find((line) => !/^\S.*:\d+: (error|warning) \[[a-z-]+\] \S/.test(line) || /[\p{Cc}\u2028-\u202e]/u.test(line) || line.length > 1500);
  if (odd !== undefined) return `has the line ${JSON.stringify(odd.slice(0, 300))}`;
  return code === 2 && !lines.some((line) => line.includes(': error [')) ? 'refuses without an error' : null;
}

it('the model sees what a run cannot work with', async () => {
  const plan = originals[0]?.plan as Plan;
  const spoilt = async (change: (draft: Plan) => void): Promise<string> => {
    const draft = structuredClone(plan);
    change(draft);
    return (await model.run({ plan: draft, digest: '' })).join(' ');
  };
  const procedure = (draft: Plan) => draft.procedures.regionalFailover;
  expect(await spoilt(() => undefined)).toBe('');
  expect(await spoilt((draft) => procedure(draft).gates.forEach((gate) => (gate.quorum = 9)))).toMatch(/people were asked|it ended as/);
  expect(await spoilt((draft) => procedure(draft).gates.forEach((gate) => (gate.deadline = 'PT0S')))).toMatch(/people were asked|it ended as/);
  expect(await spoilt((draft) => procedure(draft).steps.forEach((step) => (step.bound = 'PT0.01S')))).toMatch(/people were asked|it ended as/);
  expect(await spoilt((draft) => draft.sites.forEach((site) => (site.targetOf = [])))).toContain('no run can be started');
});

it(`${mutants} mutants of the plans are judged (seed ${seed})`, { timeout: 60_000 + mutants * 1_000 }, async () => {
  const wrong: string[] = [];
  const counts = { refused: 0, usable: 0, run: 0 };
  for (let index = 0; index < mutants; index++) {
    if (only !== undefined && index !== Number(only)) continue;
    const original = originals[index % originals.length] as Original;
    const mutant = mutantOf(original.plan, randomFrom(seed + index));
    const fault = (what: string) => wrong.push(`mutant ${index} of ${original.plan.plan.name} (${mutant.done.join('; ')}): ${what}`);
    await writeFile(join(original.folder, 'plan.yaml'), mutant.text);
    const answer = await runDr(['plan', 'check', original.folder], {});
    const bad = wrongAnswer(answer);
    if (bad !== null) fault(bad);
    if (answer.code !== 0) counts.refused += 1;
    else {
      counts.usable += 1;
      if (counts.run >= runsMax) continue;
      counts.run += 1;
      for (const sentence of await model.run(await loadPlan(original.folder))) fault(`"can be used", and ${sentence}`);
    }
  }
  process.stdout.write(`${mutants} mutants, seed ${seed}: ${counts.refused} refused, ${counts.usable} usable, ${counts.run} of them run on the model\n`);
  expect(wrong).toEqual([]);
  if (only === undefined)
    expect(Math.min(counts.refused, counts.run), 'a fuzz that is always refused, or never, proves nothing').toBeGreaterThan(
      mutants / 20 > runsMax ? 0 : mutants / 20,
    );
});
