import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { criticalPathSeconds } from '../../plan/lint/procedures.ts';
import { findProblems, lintPlan } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';

const erlmcp = resolve(import.meta.dirname, '../../plan/erlmcp');
let plan: Plan;

beforeAll(async () => {
  plan = (await loadPlan(erlmcp)).plan;
});

/** Messages of one law after a change to the plan. */
function messages(rule: string, change: (draft: Plan) => void): string[] {
  const draft = structuredClone(plan);
  change(draft);
  return findProblems(draft)
    .filter((problem) => problem.rule === rule)
    .map((problem) => `${problem.level}: ${problem.message}`);
}

function procedureOf(draft: Plan): Plan['procedures']['regionalFailover'] {
  return draft.procedures.regionalFailover;
}

function stepOf(draft: Plan, id: string): Plan['procedures']['regionalFailover']['steps'][number] {
  const found = procedureOf(draft).steps.find((step) => step.id === id);
  if (!found) throw new Error(`no step ${id}`);
  return found;
}

function siteOf(draft: Plan, id: string): Plan['sites'][number] {
  const found = draft.sites.find((site) => site.id === id);
  if (!found) throw new Error(`no site ${id}`);
  return found;
}

test('the plan of erlmcp has no errors, and every warning is accepted in the notes', async () => {
  const check = await lintPlan(erlmcp);
  expect(check.usable).toBe(true);
  expect(check.findings.filter((finding) => finding.acceptedBy === undefined)).toEqual([]);
});

test('a plan that does not load is a finding, not an exception', async () => {
  const check = await lintPlan('/nowhere/at/all');
  expect(check).toMatchObject({ snapshot: null, usable: false, findings: [{ rule: 'file', level: 'error' }] });
});

describe('the critical path', () => {
  test('of erlmcp fits the strictest RTO of 30 minutes', () => {
    expect(criticalPathSeconds(plan, 'regionalFailover', procedureOf(plan))).toBe(29 * 60 + 25);
  });

  test('that is longer than an RTO is an error which names the function', () => {
    expect(messages('critical-path', (draft) => (stepOf(draft, 'fence-site').bound = 'PT5M'))).toEqual([
      'error: Hold time, gate deadline, step bounds and TTL add up to 33 min 40 s, and Customer API must be back within PT30M. Shorten the longest of them.',
    ]);
  });

  test('counts a gate before any step, and the TTL', () => {
    const draft = structuredClone(plan);
    stepOf(draft, 'promote-database').gateBefore = 'accepted-risk';
    draft.estate.dns.ttl = 'PT1M';
    expect(criticalPathSeconds(draft, 'regionalFailover', procedureOf(draft))).toBe(29 * 60 + 25 + 600 + 30);
  });
});

describe('gates', () => {
  test('a quorum that the electorate without the starter cannot reach is an error', () => {
    const found = messages('quorum', (draft) => {
      for (const gate of procedureOf(draft).gates) gate.electorate = ['command-staff'];
    });
    expect(found).toHaveLength(3);
    expect(found[0]).toBe(
      'error: 2 must agree, and of the 2 who may vote the starter of the run does not count. Lower the quorum to 1, or add a group to the electorate.',
    );
  });

  test('a person in two groups counts once', () => {
    const overlapping = (draft: Plan): void => {
      draft.groups.push({ id: 'others', name: 'Others', members: ['jane-smith', 'john-doe'] });
      for (const gate of procedureOf(draft).gates) gate.electorate = ['command-staff', 'others'];
    };
    expect(messages('quorum', overlapping)).toHaveLength(3);
  });

  test('one that nothing opens is a warning, one that a run needs and is missing an error', () => {
    expect(messages('gates-used', (draft) => procedureOf(draft).gates.push({ ...procedureOf(draft).gates[0]!, id: 'spare' }))).toEqual([
      'warning: Nothing opens the gate "spare". Name it in the gateBefore of a step, or remove it.',
    ]);
    expect(messages('gates-used', (draft) => procedureOf(draft).gates.pop())).toEqual([
      'error: A run asks people at the gate "failed-step", and the plan has none of that id. Add it.',
    ]);
  });
});

describe('steps', () => {
  test('missing, unknown and misplaced ones are errors', () => {
    expect(messages('steps-in-order', (draft) => procedureOf(draft).steps.splice(5, 1))).toEqual([
      'error: The step "fence-site" is missing, and the procedure cannot run without its entry. Add it.',
    ]);
    expect(messages('steps-in-order', (draft) => procedureOf(draft).steps.push({ ...stepOf(draft, 'watch'), id: 'celebrate' }))).toEqual([
      'error: No procedure carries out a step "celebrate". Remove it, or correct its id.',
    ]);
    expect(messages('steps-in-order', (draft) => procedureOf(draft).steps.unshift(...procedureOf(draft).steps.splice(17, 1)))[0]).toContain(
      '"route-traffic" stands out of order',
    );
  });

  test('what guards the data cannot be skippable', () => {
    expect(messages('step-never-skipped', (draft) => (stepOf(draft, 'fence-site').skippable = true))).toEqual([
      'error: "fence-site" guards the data: write critical: true and skippable: false.',
    ]);
  });

  test('a bound shorter than the wait inside is an error', () => {
    expect(
      messages('bounds-hold-waits', (draft) => (draft.estate.detection.holdTime = 'PT2M')),
      'two steps of each procedure look',
    ).toHaveLength(4);
    expect(messages('bounds-hold-waits', (draft) => (stepOf(draft, 'activation').bound = 'PT1M'))[0]).toContain('deadline PT15M of its gate');
  });
});

describe('objectives', () => {
  test('an RTO over the MTD is an error, one equal to it a warning', () => {
    expect(messages('rto-within-mtd', (draft) => (draft.objectives.overall.mtd = 'PT3H'))[0]).toBe(
      'error: The RTO PT4H is longer than the MTD PT3H. Shorten the RTO, or raise the MTD with the business.',
    );
    expect(messages('rto-within-mtd', () => undefined)).toEqual([expect.stringMatching(/^warning: The RTO PT8H is the MTD itself/)]);
  });

  test('a lag limit over the strictest RPO of a function is an error', () => {
    expect(messages('lag-within-rpo', (draft) => (draft.estate.limits.lagTimeMax = 'PT6M'))).toEqual([
      'error: A lag of PT6M would pass without a question, and the strictest RPO of a function is 5 min 00 s. Write no more than that.',
    ]);
  });
});

describe('restores', () => {
  test('a site restores what the plan says how to restore, and the other way round', () => {
    expect(messages('restore-whole', (draft) => delete draft.estate.restore)).toEqual([
      'error: dr restores, and the plan does not say as whom and which cluster. Add estate.restore.',
    ]);
    expect(messages('restore-whole', (draft) => delete draft.estate.sites['dr']?.restore)).toEqual([
      'error: The plan says how the database is restored, and no site restores it. Add estate.sites.<site>.restore where site-restore is installed.',
    ]);
  });

  test('nothing is restored over a copy that follows the primary', () => {
    expect(
      messages('restore-whole', ({ estate: { sites } }) => {
        const [secondary, dr] = [sites['eu-central-1'], sites['dr']];
        if (secondary && dr?.restore) secondary.restore = dr.restore;
      }),
    ).toEqual([
      'error: eu-central-1 has a copy of the database that follows the primary, and a restore would set it aside. Restore at a site without a database.',
    ]);
  });

  test('the backup is one of the plan', () => {
    expect(messages('restore-from-backup', ({ estate }) => estate.restore && (estate.restore.database.backup = 'tape'))).toEqual([
      'error: The plan has no backup "tape". Choose among infrastructure-full, infrastructure-incremental, postgresql, redis, application, session-data.',
    ]);
  });

  test('a cache that is restored is one of the estate, has a backup, a step, and listens somewhere', () => {
    const whole = (change: (draft: Plan) => void) => messages('restore-cache-whole', change);
    expect(whole(({ estate }) => delete estate.sites['dr']?.restore?.cache)).toEqual([
      'error: The cache is restored, and the plan does not say where it listens at dr. Add cache: { host, port } there, or take estate.restore.cache out.',
    ]);
    expect(whole(({ estate }) => delete estate.restore?.cache)).toEqual([
      'error: The plan says where a restored cache listens at dr, and restores none. Add estate.restore.cache, or take cache out there.',
    ]);
    expect(whole(({ estate }) => delete estate.cache)).toEqual([
      'error: The plan says how the cache is restored, and the estate has none. Add estate.cache, or take estate.restore.cache out.',
    ]);
    expect(messages('restore-from-backup', ({ estate }) => estate.restore?.cache && (estate.restore.cache.backup = 'tape'))).toHaveLength(1);
    expect(messages('restore-on-hosts', ({ estate }) => Object.assign(estate.cache ?? {}, { driver: 'elasticache', replicationGroups: {} }))).toHaveLength(1);
    expect(messages('steps-in-order', ({ estate }) => delete estate.restore?.cache)).toEqual([
      'error: "restore-cache" is for a backup of the cache, and estate.restore.cache is absent. Remove the step, or say how the cache is restored.',
    ]);
  });

  test('references name tables that the observer reads, and a cache that is restored', () => {
    expect(messages('references-readable', () => undefined)).toEqual([]);
    expect(messages('references-readable', ({ estate: { restore } }) => void (restore!.references![0]!.table = 'invoices'))).toEqual([
      'error: No function has the table invoices, so that the observer need not be able to read it. Name it in estate.functionProbes, or correct it.',
    ]);
    expect(messages('references-readable', ({ estate: { restore } }) => void delete restore!.cache)).toEqual([
      'error: The cache starts empty, and what it says is of no backup. Add estate.restore.cache, or take the references out.',
    ]);
  });

  test('a tree that is restored has a backup, a step, and a place of its own', () => {
    expect(messages('restore-from-backup', ({ estate }) => estate.restore?.application && (estate.restore.application.backup = 'tape'))).toHaveLength(1);
    expect(messages('restore-from-backup', ({ estate }) => estate.restore?.sessions && (estate.restore.sessions.backup = 'tape'))).toHaveLength(1);
    expect(messages('steps-in-order', ({ estate }) => delete estate.restore?.sessions)).toEqual([
      'error: "restore-sessions" is for a backup of the sessions, and estate.restore.sessions is absent. Remove the step, or say how the sessions are restored.',
    ]);
    expect(messages('steps-in-order', ({ estate: { restore } }) => [delete restore?.application, delete restore?.sessions])).toContain(
      'error: "configure" is for a backup of application or sessions, and estate.restore has neither. Remove the step, or say how one of them is restored.',
    );
    expect(messages('restore-trees-apart', ({ estate: { restore } }) => restore?.sessions && (restore.sessions.from = 's3://erlmcp-app-backup'))).toEqual([
      'error: Application and sessions both come from s3://erlmcp-app-backup, so that a version of one could be taken for one of the other. Give each a place of its own.',
    ]);
  });

  test('of steps side by side the longest counts against the time that there is', () => {
    const bound = (id: string, value: string) => (draft: Plan) => {
      const step = draft.procedures.coldStart?.steps.find((each) => each.id === id);
      if (step) step.bound = value;
    };
    expect(messages('critical-path', bound('restore-cache', 'PT1H20M'))).toEqual([]);
    expect(messages('critical-path', bound('restore-cache', 'PT3H'))).toHaveLength(1);
  });

  test('a target of the cold start can restore', () => {
    expect(messages('cold-start-restores', (draft) => siteOf(draft, 'ap-southeast-1').targetOf.push('coldStart'))).toEqual([
      'error: ap-southeast-1 is a target of the cold start, and nothing is restored there. Add estate.restore and estate.sites.ap-southeast-1.restore, or take it out as a target.',
    ]);
  });
});

describe('traffic by shares', () => {
  const gradualOf = ({ estate: { dns } }: Plan) => dns.gradual ?? { shares: [], watch: '', remainder: '' };

  test.each([
    ['that do not rise', [10, 10, 100]],
    ['that fall', [50, 10, 100]],
    ['that leave somebody', [10, 50]],
  ])('of shares %s', (_what, shares) => {
    expect(messages('gradual-rises', (draft) => (gradualOf(draft).shares = shares))).toEqual([
      `error: The shares are ${shares.join(', ')}: each must be more than the one before, and the last one 100, else somebody is never led to the target. Write them so, such as 10, 50, 100.`,
    ]);
  });

  test('leads the others to no site', () => {
    expect(messages('remainder-apart', (draft) => (gradualOf(draft).remainder = '192.0.2.10'))).toEqual([
      'error: 192.0.2.10 is the public address of us-east-1. Give the address of a maintenance answer that stands at no site of the plan.',
    ]);
  });

  test('watches a share for as long as caches keep the one before', () => {
    expect(messages('shares-seen', (draft) => (gradualOf(draft).watch = 'PT29S'))).toEqual([
      'error: Caches keep the share before for 30 s (estate.dns.ttl), and each share is watched for 29 s: the next one comes before this one is seen. Watch for longer, or shorten the TTL.',
    ]);
  });

  test('has its time in the bound of the step', () => {
    expect(messages('bounds-hold-waits', (draft) => (gradualOf(draft).watch = 'PT1M1S'))).toEqual([
      'error: The bound PT7M is shorter than what the step waits for: 7 min 02 s (control-plane by 3 shares and once back, each share but the last watched for PT1M1S). Raise the bound.',
    ]);
    expect(messages('bounds-hold-waits', (draft) => delete draft.estate.dns.gradual)).toEqual([]);
  });
});

test('what a site stands on is for a cold start there, and a module is told by its run whose it is', () => {
  const infrastructure = ({ estate }: Plan) => (estate.restore ?? {}) as { infrastructure?: Record<string, object> };
  const stack = { driver: 'terraform', folder: 'tf', variables: { dr_run: 'me' }, lockTimeout: 'PT30S' };
  expect(messages('infrastructure-whole', (draft) => Object.assign(infrastructure(draft), { infrastructure: { 'eu-central-1': stack } }))).toEqual([
    'error: The plan says what eu-central-1 stands on, and no cold start builds it. Write coldStart in targetOf of the site, or take this out.',
    'error: The variable dr_run is the run that makes it, and is given by the run. Take it out.',
  ]);
  expect(messages('steps-in-order', (draft) => delete infrastructure(draft).infrastructure)).toEqual([
    'error: "preview-infrastructure" is for what a site is built on, and estate.restore.infrastructure is absent. Remove the step, or say what is built.',
    'error: "prepare-infrastructure" is for what a site is built on, and estate.restore.infrastructure is absent. Remove the step, or say what is built.',
  ]);
});

test('a cold start routes by the record, restores what runs on hosts, and has a gate at each step at which it asks', () => {
  expect(messages('cold-start-routes', ({ estate }) => (estate.dns.methods = ['data-plane']))).toHaveLength(1);
  expect(messages('restore-on-hosts', ({ estate }) => Object.assign(estate.database, { driver: 'rds', instances: {} }))).toHaveLength(1);
  const withoutGate = messages(
    'gates-used',
    ({ procedures: { coldStart } }) => coldStart && (coldStart.gates = coldStart.gates.filter(({ id }) => id !== 'acceptance')),
  );
  expect(withoutGate).toEqual(['error: A run asks people at the gate "acceptance", and the plan has none of that id. Add it.']);
});

describe('sites', () => {
  test('one that is nobody’s target is an error; the primary may have no way back, with a note', () => {
    expect(messages('site-targeted', (draft) => (siteOf(draft, 'ap-southeast-1').targetOf = []))).toEqual([
      'error: No procedure can make this site the target, so it costs money and recovers nothing. Name a procedure in targetOf, or take the site out.',
    ]);
    expect(messages('site-targeted', (draft) => (siteOf(draft, 'us-east-1').targetOf = []))).toEqual([
      'warning: No procedure can make this site the target, so there is no way back to it. Name a procedure in targetOf, or accept this with a note.',
    ]);
    const nobody = (draft: Plan): void => draft.sites.forEach((site) => (site.targetOf = ['coldStart']));
    expect(messages('somebody-takes-over', nobody)).toHaveLength(1);
  });

  test('what a failover needs may not stand at the failed site', () => {
    expect(messages('failed-site-not-needed', (draft) => (draft.estate.mail.server.host = 'db.us-east-1.example.com'))).toEqual([
      'error: The mail server stands at us-east-1 (db.us-east-1.example.com), and a failover from there needs it. Use one that stands elsewhere.',
    ]);
    expect(messages('failed-site-not-needed', (draft) => (draft.estate.dns.methods = ['control-plane']))).toEqual([
      'error: Changing the record needs the control plane in us-east-1, which fails together with us-east-1. Put data-plane first.',
    ]);
  });

  test('a target without a database is an error', () => {
    expect(messages('target-can-serve', (draft) => delete draft.estate.sites['eu-central-1']!.database)[0]).toContain('its database has no address');
  });

  test('two servers with one address are an error', () => {
    expect(messages('addresses-apart', (draft) => (draft.estate.sites['dr']!.agent.host = 'agent.us-east-1.example.com'))[0]).toContain(
      'is the address of the agent of us-east-1 too',
    );
  });

  test('a target that only the control plane can reach needs that method', () => {
    expect(messages('targets-reachable-by-dns', (draft) => (draft.estate.dns.methods = ['data-plane']))).toHaveLength(1);
  });
});

test('link time-outs longer than the hold time are found', () => {
  expect(messages('link-timeouts', (draft) => (draft.estate.ssh.connectTimeout = 'PT2M'))).toEqual([
    'warning: A connection to a site agent may take 2 min 00 s to notice a lost link, which is longer than the hold time PT1M. Shorten it, or hold longer.',
  ]);
});

test('escalation must rise with the score', () => {
  expect(messages('escalation-rises', (draft) => (draft.escalation[2]!.fromScore = 20))).toHaveLength(1);
});

describe('files of a plan', () => {
  async function withCopy(change: (folder: string) => Promise<void>): Promise<string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'dr-lint-'));
    try {
      await cp(erlmcp, folder, { recursive: true });
      await change(folder);
      return (await lintPlan(folder)).findings
        .filter((finding) => finding.acceptedBy === undefined)
        .map((finding) => `${finding.file} ${finding.rule}: ${finding.message}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('a placeholder that the plan does not list, and one that the text does not use', async () => {
    const found = await withCopy((folder) => writeFile(join(folder, 'templates/resolution-notification.mustache'), '{{serviceName}} {{resolution}}'));
    expect(found).toEqual([
      'communication.yaml templates: {{resolution}} stands in templates/resolution-notification.mustache and not in its placeholders. Add it there, or take it out of the text.',
      'communication.yaml templates: The placeholder resolutionSummary is listed and templates/resolution-notification.mustache does not use it. Use it, or take it off the list.',
    ]);
  });

  test('a template that is not there', async () => {
    expect(await withCopy((folder) => rm(join(folder, 'templates/press-release.mustache')))).toEqual([
      'communication.yaml templates: The file templates/press-release.mustache cannot be used. It is not there, or is a link that leads nowhere. Put a file there, or take out what names it.',
    ]);
  });

  test('an acceptance must name a heading of the notes, and something to accept', async () => {
    const found = await withCopy(async (folder) => {
      const file = join(folder, 'plan.yaml');
      const text = await readFile(file, 'utf8');
      await writeFile(
        file,
        text
          .replace('An RTO of eight hours against an MTD under eight }', 'No such heading }')
          .replace('path: sites.us-east-1.targetOf', 'path: sites.nowhere.targetOf'),
      );
    });
    expect(found.some((line) => line.includes('The notes have no heading "No such heading".'))).toBe(true);
    expect(found.some((line) => line.includes('There is no finding "procedure-exists" at sites.nowhere.targetOf any more.'))).toBe(true);
  });
});
