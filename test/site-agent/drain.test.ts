/** What a fence calls the last position is behind everything that was acknowledged, also where nobody waited for the disk. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestEstate } from './estate.ts';
import { testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());

beforeAll(() => estate.start());
afterAll(() => estate.stop());

const hasty = (number: number) =>
  estate.sql('east', `set synchronous_commit = off; insert into payments (customer, sequence, token) values ('seed-1', ${number}, 'hasty ${number}')`, 'app');
const end = () => estate.asAdministrator('east', 'select pg_current_wal_insert_lsn()').trim();
const isPast = (left: string, right: string) => estate.asAdministrator('east', `select '${left}'::pg_lsn >= '${right}'::pg_lsn`).trim() === 't';

test('a commit that stood in memory only is behind the position of the fence, and at the standbys', async () => {
  estate.asAdministrator('east', "alter system set wal_writer_delay = '10s'");
  estate.asAdministrator('east', 'select pg_reload_conf()');
  hasty(-1);
  const acknowledged = end();
  const closed = await estate.change('east', 'database-close');
  expect(closed).toMatchObject({ code: 0, fields: { after: 'closed', writers: '' } });
  expect(isPast(closed.fields['last_lsn'] ?? '', acknowledged), `${closed.fields['last_lsn']} is not past ${acknowledged}`).toBe(true);
  expect(estate.sql('west', "select token from payments where token = 'hasty -1'", 'app').trim()).toBe('hasty -1');
});
