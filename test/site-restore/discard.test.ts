/** Goal: discarded at whatever stage before people accept, a host is what it was before, and what stays beside it is told with its bytes. Method: a real restore of a real backup; inventories before and after. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { owned } from './host.ts';
import { Host, removeAll, Source } from './source.ts';

const source = new Source('files');
let host: Host;
beforeAll(async () => source.live(), 60_000);
afterAll(() => removeAll(source.folder));
beforeEach(() => {
  host = new Host(source, { SERVICE_LISTEN: '127.0.0.1' });
  mkdirSync(host.at('pg', 'base'), { recursive: true });
  writeFileSync(host.at('pg', 'base', 'mine'), 'what was there before');
  writeFileSync(host.at('access'), 'host all dr_admin 127.0.0.1/32 trust\n');
  owned(host.at('pg'), host.at('access'));
});
afterEach(() => host.end());

const row = () => source.after[4] ?? '';
const stays = 'pg.discarded-run-1';

/** How far it came, and what must stand in the record of the host then. */
const stages: Readonly<Record<string, () => Promise<void>>> = {
  aside: async () => {
    // The set is not as its manifest has it.
    const file = host.at('backups', 'base', 'first', 'global', 'pg_filenode.map');
    writeFileSync(file, readFileSync(file).fill(1, 8, 16));
    await host.restore('r.1', row());
  },
  proven: async () => void (await host.restore('r.1', row())),
  admitted: async () => {
    host.configure({ SERVICE_LISTEN: '127.0.0.1', SERVICE_ACCESS: host.at('access') });
    await host.restore('r.1', row());
    host.change('database-admit');
  },
};

test.each(Object.keys(stages))('discarded when it was %s', async (stage) => {
  // The site's own notes, its settings and the spoiled backup are no part of what a restore makes.
  const inventory = () => host.inventory((path) => path !== '' && !/^(state|backups|restore\.conf)(\/|$)/.test(path));
  const before = inventory();
  await stages[stage]?.();
  expect(host.state()['stage']).toBe(stage);
  expect(inventory()).not.toEqual(before);
  const { out, fields } = host.change('database-discard');
  expect(fields).toMatchObject({ before: stage, after: 'discarded', changed: 'yes' });
  expect(inventory().filter((line) => !line.startsWith(stays))).toEqual(before);
  const [bytes = ''] = execFileSync('du', ['-sb', host.at(stays)], { encoding: 'utf8' }).split('\t');
  expect(out).toContain(`kept=${stays} ${bytes}\n`);
  expect(host.state()).toMatchObject({ state: 'stopped', restored: 'no', stage: 'discarded' });
});
