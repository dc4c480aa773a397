/** Goal: customers of a cold start come share by share, and at an error none is left with a site that does not do its work. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../report/report.ts';
import { outageClock } from '../../../report/clock-words.ts';
import { choiceWith } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, type Handle, openGate, plan, rig, startRun, underPlan, useRuns, vote } from '../../support/runs.ts';
import { until } from '../../support/until.ts';

useRuns(coldStart);

const [site, name, remainder] = ['dr', 'erlmcp.example.com', '192.0.2.80'];

/** Up to the route: what people answer who want it to go on. */
const wanted: readonly (readonly [string, string])[] = [
  ['activation', 'restore'],
  ['accepted-risk', 'hold-with-2'],
  ['accepted-risk', 'accept'],
  ['acceptance', 'accept'],
];

async function decide(handle: Handle): Promise<void> {
  for (const [gate, word] of wanted) {
    const choice = await until(`${word} is offered`, async () => {
      const open = await openGate(handle, gate);
      return open.choices.some((line) => line.startsWith(word)) ? choiceWith(open, word) : undefined;
    });
    await vote(handle, choice, electorate.slice(0, 2), gate);
  }
}

/** A cold start of which people want that it goes on; `failed` are the words with which they answer a step that has failed, one for each time. */
async function run(...failed: readonly string[]): Promise<{ readonly report: Report; readonly asked: readonly string[] }> {
  return rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    await decide(handle);
    const asked: string[] = [];
    for (const choice of failed) {
      const before = asked.length;
      const gate = await until('a step has failed', async () => {
        const open = await openGate(handle, 'failed-step');
        return asked.length === before && !asked.some((text) => text.startsWith(open.gate)) ? open : undefined;
      });
      asked.push(`${gate.gate} ${gate.question} ${gate.evidence.join(' ')}`);
      await vote(handle, choice, electorate.slice(0, 2), gate.gate);
    }
    return { report: await endOf(handle), asked };
  });
}

/** Notes each change of the record: per cent and place. */
function records(): string[] {
  const made: string[] = [];
  estate.before = (activity, input) => {
    if (activity === 'shareRecord') made.push(`${(input as { percent?: number }).percent} %`);
    if (activity === 'changeRecord') made.push('all');
  };
  return made;
}

const told = ({ timeline }: Report) => timeline.map(({ text }) => text);

describe('the customers of a cold start', () => {
  it('come share by share, each watched before the next, and in the end by a record as it was before', async () => {
    const made = records();
    const { report } = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(made).toEqual(['10 %', '50 %', 'all']);
    expect(estate.changes().indexOf('shareRecord'), 'people have accepted').toBeGreaterThan(estate.changes().indexOf('acceptRestored'));
    expect([estate.route, estate.share]).toEqual([site, null]);
    const notes = told(report);
    const order = [
      `10 % of the customers are led to ${site}, the others to the maintenance answer ${remainder}.`,
      '10 % of the customers were watched for 1 min 00 s: quiet',
      `50 % of the customers are led to ${site}, the others to the maintenance answer ${remainder}.`,
      '50 % of the customers were watched for 1 min 00 s: quiet',
    ].map((text) => notes.indexOf(text));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    const evidence = report.steps.find(({ id }) => id === 'route-traffic')?.evidence;
    expect(evidence).toMatch(/by control-plane, TTL 30 s, 0 of 0 resolvers agree, after 10, 50 % of the customers$/);
    expect(report.leftovers.join(' ')).not.toContain('Not all customers');
    // The clock counts until the last of them come.
    const [began = '', came = ''] = [order[0], order[3]].map((index) => report.timeline[index ?? 0]?.at);
    expect(outageClock(report)?.ttlSeconds).toBe(30);
    expect(outageClock(report)?.routingSeconds).toBeGreaterThanOrEqual((Date.parse(came) - Date.parse(began)) / 1000);
    expect(report.clock?.totalSeconds).toBeTypeOf('number');
  });

  it('come all at once where the plan has no shares', async () => {
    const { gradual: _none, ...dns } = plan.plan.estate.dns;
    underPlan({ ...plan.plan, estate: { ...plan.plan.estate, dns } });
    const made = records();
    expect((await run()).report.outcome).toBe('recovered with exceptions');
    expect(made).toEqual(['all']);
  });

  it('go to the maintenance answer, all of them, at an error; and on with that share when people choose retry', async () => {
    const made = records();
    let seen: unknown;
    estate.before = ((noting) => (activity, input) => {
      if (activity === 'shareRecord' && made.at(-1) === '0 %') seen ??= [estate.route, estate.share];
      return noting(activity, input);
    })(estate.before);
    let watches = 0;
    const serve = estate.before;
    estate.before = (activity, input) => {
      if (activity === 'watchService' && ++watches === 2) estate.relapses.push('payment-processing: It answers HTTP 500.');
      return serve(activity, input);
    };
    const { report, asked } = await run('retry');
    expect(asked[0]).toContain(`With 50 % of the customers ${site} does not do its work: payment-processing: It answers HTTP 500.`);
    expect(asked[0]).toContain(`All customers are led to the maintenance answer ${remainder}.`);
    expect(asked[0]).toContain('Mend the service there, then choose retry: it goes on with 50 %.');
    expect(made).toEqual(['10 %', '50 %', '0 %', '50 %', 'all']);
    expect(seen, 'nobody was led there meanwhile').toEqual(['maintenance', 0]);
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect([estate.route, estate.share]).toEqual([site, null]);
  });

  it('stay where they are led when people end the run there, and the report says so', async () => {
    estate.relapses.push('analytics: It gives no answer.');
    const { report } = await run('abort');
    expect(report.outcome).toBe('aborted');
    expect([estate.route, estate.share]).toEqual(['maintenance', 0]);
    expect(report.leftovers.join(' ')).toContain(
      `Not all customers of ${name} are known to be led to ${site}: shares of them may be led to the maintenance answer ${remainder}. A new run ends that, or a change of the record by hand.`,
    );
  });

  it('stay with the share where the way back fails, and people are told', async () => {
    estate.relapses.push('analytics: It gives no answer.');
    let changes = 0;
    estate.before = (activity) => {
      if (activity === 'shareRecord' && ++changes === 2) throw ApplicationFailure.nonRetryable('Route 53 refuses.', 'permanent');
    };
    const { asked } = await run('retry');
    expect(asked[0]).toContain('10 % of the customers are still led there, or may be: Route 53 refuses.');
  });

  it('are not led back to a maintenance answer that has died', async () => {
    estate.relapses.push('analytics: It gives no answer.');
    const made = records();
    const noting = estate.before;
    estate.before = (activity, input) => {
      if (activity === 'watchService') estate.remainderSilent = 'connect ECONNREFUSED';
      return noting(activity, input);
    };
    const { asked } = await run('retry');
    expect(asked[0]).toContain(`10 % of the customers are still led there: the maintenance answer ${remainder} serves nobody (connect ECONNREFUSED).`);
    expect(made).toEqual(['10 %', 'all']);
  });

  it('come all at once where the maintenance answer serves nobody, and the report says so', async () => {
    estate.remainderSilent = 'connect ECONNREFUSED';
    const made = records();
    const { report } = await run();
    expect(made).toEqual(['all']);
    expect(report.exceptions).toContain(
      `The maintenance answer ${remainder} serves nobody (connect ECONNREFUSED): all customers were led to ${site} at once, not 10 % of them first.`,
    );
  });

  it.each([
    ['all of them, by an earlier run', null, ['all']],
    ['half of them, by an earlier run that ended there', 50, ['50 %', 'all']],
  ])('are not led away from the target again: %s', async (_what, share, expected) => {
    const made = records();
    const noting = estate.before;
    estate.before = (activity, input) => {
      if (activity === 'acceptRestored') [estate.route, estate.share] = [site, share];
      return noting(activity, input);
    };
    await run();
    expect(made).toEqual(expected);
  });

  it('are not waited for where servers give something else, and people are asked', async () => {
    estate.before = (activity) => {
      if (activity === 'proveShare') estate.share = 7;
    };
    const { asked, report } = await run('skip');
    expect(asked[0]).toContain(`10 % of the customers were to be led to ${site}. the authoritative servers still answer ${site}`);
    expect(report.leftovers.join(' ')).toContain('Not all customers');
  });

  it('leave to people what is not as the plan says when all have come: the failover pair made room', async () => {
    const pair = `${name} has no failover pair: a thrown switch moves nobody.`;
    estate.records = { obstacles: [], differences: [pair], beside: [] };
    expect((await run()).report.leftovers).toContain(pair);
  });
});

it('a dry run tells the shares', async () => {
  const report = await rig.with(estate, async () => endOf(await startRun(coldStart, { mode: 'dry-run' })));
  expect(told(report).join('\n')).toContain(
    `send ${name} to ${site} by control-plane: 10, 50, 100 % of the customers, each share but the last watched for 1 min 00 s, the others to the maintenance answer ${remainder}`,
  );
  expect(estate.changes()).toEqual([]);
});
