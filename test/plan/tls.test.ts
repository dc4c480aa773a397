/** Goal: `tls` of database and cache is one thing, whoever serves them. Method: the schema and its sentences, on the plans that there are. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlan } from '../../plan/load.ts';
import { explainIssue } from '../../plan/schema-messages.ts';
import { planSchema, type Plan } from '../../plan/schema.ts';
import { secretReferences } from '../../plan/secrets.ts';

const folders = { hosts: '../../plan/erlmcp', aws: '../plans/tickets' } as const;
const client = { certificate: 'file:client.pem', key: 'env:CLIENT_KEY' };

async function withTls(on: keyof typeof folders, tls: unknown): Promise<unknown> {
  const { plan } = await loadPlan(resolve(import.meta.dirname, folders[on]));
  const { database, cache } = plan.estate;
  return { ...plan, estate: { ...plan.estate, database: { ...database, tls }, cache: { ...cache, tls } } };
}

function faults(data: unknown): readonly string[] {
  const { error } = planSchema.safeParse(data);
  return (error?.issues ?? []).flatMap((issue) => explainIssue(issue, data)).map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
}

describe.each(Object.keys(folders) as (keyof typeof folders)[])('on %s', (on) => {
  test.each([true, false, {}, { caFile: 'ca.pem' }, { caFile: 'ca.pem', client }])('it may be %j', async (tls) => {
    expect(faults(await withTls(on, tls))).toEqual([]);
  });

  test('a client shows a certificate that it has the key of, and what is wrong is said where it stands', async () => {
    expect(faults(await withTls(on, { client: { certificate: 'file:client.pem' } }))).toEqual([
      expect.stringContaining('database.tls.client.key: "key" is missing.'),
      expect.stringContaining('cache.tls.client.key: "key" is missing.'),
    ]);
    expect(faults(await withTls(on, { cafile: 'ca.pem' }))[0]).toMatch(/^database\.tls\.cafile: "cafile" is not a key/);
    expect(faults(await withTls(on, 'yes'))[0]).toBe('database.tls: "yes" does not fit: write true or false or write a mapping of keys.');
  });

  test('its references to secrets are among those that a worker looks for', async () => {
    const paths = secretReferences((await withTls(on, { client })) as Plan).map(({ path, reference }) => `${path.slice(1).join('.')} ${reference}`);
    expect(paths.filter((path) => path.includes('tls'))).toEqual([
      'database.tls.client.certificate file:client.pem',
      'database.tls.client.key env:CLIENT_KEY',
      'cache.tls.client.certificate file:client.pem',
      'cache.tls.client.key env:CLIENT_KEY',
    ]);
  });
});
