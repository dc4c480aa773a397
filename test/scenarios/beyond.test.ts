/** Goal: what only the old primary acknowledged is counted when it comes back, and told. Method: a service whose sessions wait for no standby, a cut, and the customers' ledger as the judge. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { labHandle } from '../../lab/cli/call.ts';
import { readLedger } from '../../lab/customers/ledger.ts';
import type { ReceivedMessage } from '../../lab/mail/mailbox.ts';
import type { Report } from '../../report/report.ts';
import type { FenceOnReturnResult } from '../../workflows/children/fence-on-return.ts';
import { failed, Scenarios } from './support.ts';

let scenarios: Scenarios;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('beyond');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

/** Rows that customers sent to the lost site and that got no yes: each may have been committed, and none was promised to anybody. A busy machine answers some of them too late. */
async function withoutAnswer(since: string): Promise<number> {
  const entries = await readLedger(join(labHandle(scenarios.stack.options.lab).directory, 'customers', 'ledger.ndjson'));
  const sent = entries.filter(
    ({ kind, address, sentAtMs }) => kind === 'write' && address === scenarios.publicAddress(failed) && sentAtMs >= Date.parse(since),
  );
  return sent.filter((entry) => entry.outcome === 'failed' && entry.function !== 'session-management').length;
}

it('rows that only the old primary acknowledged, "0 unless" in the report, are counted as the ledger counts them', { timeout: 5 * minutes }, async () => {
  await scenarios.control('fault/inject', { name: 'acknowledges-alone', site: failed });
  const { report, since } = await scenarios.recover(() => scenarios.stack.lab('cut', failed, '--only', 'sites,orchestrator'));
  expect(report.outcome, report.summary).toBe('recovered');
  expect(report.loss.kind, 'nobody can see it from afar').toBe('0 unless');
  expect(report.addendum, 'the site is not back').toBeUndefined();

  await scenarios.stack.lab('heal', failed);
  const result = (await scenarios.child().result()) as FenceOnReturnResult;
  const { missing } = await scenarios.figures(since);
  expect(missing.unknown).toEqual([]);
  expect(missing.rows, 'customers have lost what they were promised').toBeGreaterThan(0);
  const { rows } = result.outcome === 'fenced' && result.counted ? result.counted : { rows: { notCounted: JSON.stringify(result) } };
  const counted = 'transactions' in rows ? rows.transactions : rows.notCounted;
  expect(result).toMatchObject({
    outcome: 'fenced',
    counted: { basis: 'branch', rows: { transactions: counted, inserted: counted, updated: 0, deleted: 0, whole: true, customersOnly: true } },
  });
  const unanswered = await withoutAnswer(since);
  expect(counted, 'what was acknowledged is counted').toBeGreaterThanOrEqual(missing.rows);
  expect(counted, `and nothing else but what got no answer, ${unanswered} at most`).toBeLessThanOrEqual(missing.rows + unanswered);

  const shown = (await scenarios.stack.dr('report')).out;
  expect(shown.slice(shown.indexOf('## Counted since'))).toContain(`committed ${counted} transactions beyond`);
  const { addendum } = JSON.parse((await scenarios.stack.dr('report', '--json')).out) as Report;
  expect(addendum).toMatchObject({ site: failed, counted: { rows: { transactions: counted } } });
  expect(addendum?.notTold).toBeUndefined();

  const { messages } = await scenarios.control<{ messages: readonly ReceivedMessage[] }>('mail/list');
  const told = messages.filter(({ subject }) => subject.includes(`${failed} is back and fenced`));
  expect(told, messages.map(({ subject }) => subject).join('; ')).toHaveLength(1);
  const { source } = await scenarios.control<{ source: string }>('mail/read', { number: told[0]?.number });
  expect(source.replaceAll(/=\r?\n/g, '')).toContain(`committed ${counted} transactions`);
});
