/**
 * Whatever a verb refuses is asked before: each verb begins with its look, `check VERB` is that look alone, and the assessment, the dry run and the step before the fence ask it of
 * every site. Read from the script itself, so that a refusal that is new cannot be forgotten.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../plan/load.ts';
import { verbsFor } from '../../plan/rules/refusals.ts';
import type { Plan } from '../../plan/schema.ts';

const script = readFileSync(join(import.meta.dirname, '..', '..', 'site-agent', 'site-agent'), 'utf8');

/** Bodies of the script's functions by name, also of those of one line. */
const whole = script.matchAll(/^([a-z_]+)\(\) \{(?: #[^\n]*)?\n([^]*?)\n\}$/gm);
const short = script.matchAll(/^([a-z_]+)\(\) \{ (.*) \}$/gm);
const functions = new Map([...whole, ...short].map(([, name = '', body = '']) => [name, body]));

/** Verbs that change something, with the function that carries each out: of those that share a line, the one of the verb's own name. */
const verbs = [
  ...script.matchAll(
    /^ {2}([a-z-]+(?: \|[ \\\n]+[a-z-]+)*)\) (?:\[ \$# -gt \d \] \|\| )?arguments \$# \d(?: && job_[^&]+)* && guard \S+ && ("\$function"|[a-z_]+)/gm,
  ),
].flatMap(([, names = '', body = '']) =>
  (names.match(/[a-z-]+/g) ?? []).map((verb) => ({ verb, carriesOut: body.startsWith('"') ? verb.replaceAll('-', '_') : body })),
);

/** What cannot be known before, and why that hurts nobody. */
const notBefore: Readonly<Record<string, string>> = {
  check_task: 'a late task of a frozen worker; the run itself has gone on',
  database_synchronous: 'whether a standby streams from the new primary is seen when there is one; writes wait for nobody meanwhile',
  cache_protect: 'whether a replica is online is seen when there is a new primary; it asks for none meanwhile',
};

/** Verbs whose look is a reading of the epoch alone. */
const withoutLook = new Set(['epoch-claim']);

function reachable(from: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(from)) return seen;
  seen.add(from);
  const body = functions.get(from) ?? '';
  for (const name of functions.keys()) if (new RegExp(`(?<![\\w$"/])${name}(?![\\w(])`).test(body)) reachable(name, seen);
  return seen;
}

describe('a verb', () => {
  test('is found in the script, with its function', () => {
    expect(verbs.length).toBeGreaterThan(18);
    for (const { carriesOut } of verbs) expect(functions.has(carriesOut) || carriesOut === 'changed', carriesOut).toBe(true);
  });

  test.each(verbs.filter(({ verb }) => !withoutLook.has(verb)))('$verb begins with its look', ({ carriesOut }) => {
    expect(functions.get(carriesOut)?.trim()).toMatch(/^look_[a-z_]+/);
  });

  test.each(verbs.filter(({ verb }) => !withoutLook.has(verb)))('$verb refuses nothing that its look has not asked', ({ carriesOut }) => {
    const look = /^look_[a-z_]+/.exec(functions.get(carriesOut)?.trim() ?? '')?.[0] ?? '';
    const asked = reachable(look);
    const later = [...reachable(carriesOut)].filter((name) => !asked.has(name) && /(?<!\w)refuse "/.test(functions.get(name) ?? ''));
    expect(later.filter((name) => !(name in notBefore))).toEqual([]);
  });

  test('is told by the name by which it was asked: no reading on the way takes that name for itself', () => {
    const [, loop = ''] = /for (\w+) in "\$@"/.exec(functions.get('check') ?? '') ?? [];
    expect(loop).not.toBe('');
    const readings = [...reachable('read_database'), ...reachable('read_cache')];
    expect(readings.filter((name) => new RegExp(`(?<![\\w$])${loop}=`).test(functions.get(name) ?? ''))).toEqual([]);
  });

  test('what is refused without a look is none that nobody refuses any more', () => {
    for (const name of Object.keys(notBefore)) expect(functions.get(name), name).toMatch(/refuse "/);
  });
});

describe('a failover asks beforehand', () => {
  let plan: Plan;
  beforeAll(async () => {
    plan = (await loadPlan(join(import.meta.dirname, '..', '..', 'plan', 'erlmcp'))).plan;
  });

  test('every verb that it sends to an agent, but those that can be looked at only later', () => {
    const askedOf = (site: string, part: 'lost' | 'survivor') => verbsFor(plan, site, part, 'us-east-1').map((verb) => verb.replace(/=.*/, ''));
    const asked = new Set([...askedOf('us-east-1', 'lost'), ...askedOf('eu-central-1', 'survivor'), ...askedOf('ap-southeast-1', 'survivor')]);
    const later = new Set([
      ...withoutLook,
      'database-synchronous',
      'cache-protect',
      'switch-reset',
      'database-open',
      'cache-open',
      'database-return',
      'cache-return',
      // A failover starts no job.
      'job-start',
      'job-cancel',
    ]);
    expect(verbs.map(({ verb }) => verb).filter((verb) => !asked.has(verb) && !later.has(verb))).toEqual([]);
  });
});
