/** Goal: a site whose clock is ten minutes off, the lost one or the target, is recovered from in the usual time with right figures, and is named. Method: datefudge under its database and its agent, the customers' ledger as the oracle. */
import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { recoverWith } from './site-clock.ts';
import { failed, Scenarios, target } from './support.ts';

const minutes = 60_000;
let scenarios: Scenarios;

beforeAll(async () => {
  scenarios = await Scenarios.start('site-clock');
}, 5 * minutes);
afterAll(async () => scenarios?.stop(), minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

it('the lost site ten minutes ahead', { timeout: 5 * minutes }, async () => {
  await recoverWith(scenarios, 'clock-ahead', failed, /The clock of the database at us-east-1 was .* ahead of the Temporal server's: /);
});

it('the target ten minutes behind', { timeout: 5 * minutes }, async () => {
  await recoverWith(scenarios, 'clock-behind', target, /The clock of eu-central-1 is .* behind the Temporal server's: /);
});
