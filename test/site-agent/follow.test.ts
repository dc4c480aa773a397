/** Goal: whom a standby may follow is tried before it is told to, and not twice within minutes. Method: a real way between two standbys, which is shut and opened. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestEstate } from './estate.ts';
import { testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());
let open = '';

beforeAll(async () => {
  await estate.start();
  open = readFileSync(doorOfWest(), 'utf8');
  await estate.change('north', 'database-detach');
});
beforeEach(() => letIn(true));
afterAll(() => estate.stop());

function doorOfWest(): string {
  return estate.path('west', 'pg', 'pg_hba.conf');
}

/** Whether others may replicate from west. */
function letIn(may: boolean): void {
  writeFileSync(doorOfWest(), may ? open : `host replication all 127.0.0.0/8 reject\n${open}`);
  estate.asAdministrator('west', 'select pg_reload_conf()');
}

const check = () => estate.verb('north', 'check database-follow=west');
const follow = () => estate.change('north', 'database-follow west');
const refusal = /may not replicate from west: .*rejects/;

test('a look tries it each time, and a way that is shut is refused before anything is changed', async () => {
  expect((await check()).fields).toMatchObject({ ready: 'database-follow=west' });
  letIn(false);
  expect((await check()).out).toMatch(refusal);
  expect(await follow()).toMatchObject({ code: 65, fields: { refused: expect.stringMatching(refusal) } });
  expect((await estate.verb('north', 'database-status')).fields).toMatchObject({ follows: 'none' });
});

test('what a look was let in by is not tried again; should it be shut by then, the answer says that nothing came, and why', async () => {
  expect((await check()).fields).toMatchObject({ ready: 'database-follow=west' });
  letIn(false);
  const { code, fields } = await follow();
  expect(code).toBe(1);
  expect(fields['error']).toMatch(/is told to follow west, but: .*nothing was streamed/);
  expect(fields['error']).toMatch(refusal);
  expect(fields['error']).not.toContain('nothing was changed');
  await estate.change('north', 'database-detach');
  expect(await follow()).toMatchObject({ code: 65, fields: { refused: expect.stringMatching(refusal) } });
});

test('words that differ, or were let in more than five minutes ago, are tried', async () => {
  const noted = () => estate.path('north', 'state', 'tried-west');
  for (const edit of [
    (note: string) => note.replace('port=', 'port=0'),
    (note: string) => note.replace(/^(\S+) (\d+)/, (_, boot, up) => `${boot} ${Number(up) - 301}`),
  ]) {
    expect((await check()).fields).toMatchObject({ ready: 'database-follow=west' });
    const note = readFileSync(noted(), 'utf8');
    writeFileSync(noted(), edit(note));
    letIn(false);
    expect(await follow()).toMatchObject({ code: 65, fields: { refused: expect.stringMatching(refusal) } });
    letIn(true);
  }
});

test('a standby that follows, follows', async () => {
  expect((await check()).fields).toMatchObject({ ready: 'database-follow=west' });
  expect(await follow()).toMatchObject({ code: 0, fields: { after: 'following west' } });
});
