/** Goal: an agent reads, bounds and compares epochs as numbers, whoever wrote them. Method: the script itself, its settings and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { capacityShim } from './support.ts';

const script = fileURLToPath(new URL('../../site-agent/site-agent', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dr-agent-epochs-'));
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'capacity'), capacityShim, { mode: 0o755 });
  writeFileSync(join(folder, 'agent.conf'), `SITE=west\nSTATE_DIR=${folder}/state\nCAPACITY_COMMAND=${folder}/capacity\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Answer {
  readonly code: number;
  readonly out: string;
}

function agent(...words: readonly string[]): Answer {
  try {
    return { code: 0, out: execFileSync(script, [join(folder, 'agent.conf'), ...words], { encoding: 'utf8', stdio: 'pipe' }) };
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: unknown };
    return { code: status, out: String(stdout) };
  }
}

const claim = (epoch: string, run = 'run-1') => agent('epoch-claim', '--epoch', epoch, '--run', run);
const set = (epoch: string, run = 'run-1') => agent('capacity-set', '--epoch', epoch, '--run', run, '50');
const held = () => readFileSync(join(folder, 'state', 'epoch'), 'utf8').trim();
const holds = (text: string) => writeFileSync(join(folder, 'state', 'epoch'), `${text}\n`);

describe('an epoch', () => {
  test('is a number: 08 is 8, is stored as 8, and is the epoch of the run that holds 8', () => {
    expect(claim('08').code).toBe(0);
    expect(held()).toBe('8 run-1');
    expect(claim('8').code).toBe(0);
    expect(set('008').code).toBe(0);
    expect(claim('0000000000000000009', 'run-2').code).toBe(0);
    expect(held()).toBe('9 run-2');
    expect(claim('08').code).toBe(66);
  });

  test('that an older agent has stored as 08 is 8, and the one after it is 9', () => {
    holds('08 run-1');
    expect(agent('identify').out).toContain('\nepoch=8\n');
    expect(claim('7').code).toBe(66);
    expect(claim('8').code).toBe(0);
    expect(claim('9', 'run-2').code).toBe(0);
  });

  test.each(['', 'one', '-1', '1e3', '1000000000000000', '99999999999999999999'])('is not %j', (epoch) => {
    expect(claim(epoch).code).toBe(64);
    expect(set(epoch).code).toBe(64);
  });

  test.each([
    ['a claim', claim],
    ['a change', set],
  ])('a thousand above the highest seen is taken by %s, one more is refused with the way out', (_what, verb) => {
    holds('7 run-0');
    const refused = verb('1008');
    expect(refused.code).toBe(65);
    expect(refused.out).toMatch(
      /epoch 1008 is more than 1000 above 7, the highest that west has seen; nothing was changed\. .*echo '1007 by-hand' >\S+\/epoch/,
    );
    expect(held()).toBe('7 run-0');
    expect(verb('1007').code).toBe(0);
    holds('1007 by-hand');
    expect(verb('1008').code).toBe(0);
  });

  test('999999999999999 is refused, so that there is always room for the next run', () => {
    expect(claim('999999999999999').code).toBe(65);
    expect(claim('1').code).toBe(0);
  });

  test.each(['', 'eight run-1', '1000000000000000 run-1'])('file that holds %j lets nobody pass, and says what to write', (text) => {
    holds(text);
    const refused = claim('9');
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('holds no epoch; nothing was changed') });
    expect(held()).toBe(text);
  });
});
