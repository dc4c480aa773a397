import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadPlan } from '../../plan/load.ts';
import { findMissingSecrets, resolveSecret } from '../../plan/secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-secrets-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('a file below the plan folder gives its content without the last newline', async () => {
  await writeFile(join(folder, 'password'), 'line one\nline two\n');
  expect(await resolveSecret('file:password', folder, [])).toBe('line one\nline two');
  expect(await resolveSecret(`file:${join(folder, 'password')}`, '/elsewhere', [folder])).toBe('line one\nline two');
});

test('an environment variable gives its value', async () => {
  vi.stubEnv('DR_TEST_SECRET', 'value');
  expect(await resolveSecret('env:DR_TEST_SECRET', folder, [])).toBe('value');
});

test('a missing one is named, with what to do', async () => {
  await expect(resolveSecret('env:DR_TEST_SECRET', folder, [])).rejects.toThrow(
    'The environment variable DR_TEST_SECRET is not set. Set it for this process, or change the reference env:DR_TEST_SECRET in the plan.',
  );
  await expect(resolveSecret('file:none', folder, [])).rejects.toThrow(
    `The secret file ${join(folder, 'none')} cannot be read. Create it for this user, or change the reference file:none in the plan.`,
  );
});

test('a text that is no reference is refused and not printed', async () => {
  const refusal = await resolveSecret('hunter2', folder, []).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Error);
  expect(String(refusal)).not.toContain('hunter2');
});

test('every missing secret of a plan is listed with its path', async () => {
  const { plan } = await loadPlan(resolve(import.meta.dirname, '../../plan/erlmcp'));
  vi.stubEnv('DR_MONITORING_TOKEN', 'set');
  const paths = (await findMissingSecrets(plan, folder, [])).map((entry) => entry.path.join('.'));
  expect(paths).toEqual(['estate.database.observer.password', 'estate.cache.observer.password', 'estate.ssh.privateKey']);
});

test('a file in none of the folders is not read, also when a link below the plan leads there', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'dr-elsewhere-'));
  try {
    await writeFile(join(elsewhere, 'key'), 'not for this plan');
    await symlink(join(elsewhere, 'key'), join(folder, 'key'));
    for (const reference of [`file:${join(elsewhere, 'key')}`, 'file:key', `file:../${basename(elsewhere)}/key`]) {
      const refusal = await resolveSecret(reference, folder, ['/run/secrets']).catch((error: unknown) => String(error));
      expect(refusal, reference).toContain(
        `lies in none of the folders from which this worker reads secrets: ${folder}, /run/secrets. Move it, or start the worker with its folder in DR_SECRET_FOLDERS.`,
      );
    }
    expect(await resolveSecret('file:key', folder, [elsewhere])).toBe('not for this plan');
    expect(await resolveSecret('file:key', folder, [`${elsewhere}/`])).toBe('not for this plan');
    await expect(resolveSecret('file:key', folder, [elsewhere.slice(0, -1)]), 'a folder is no beginning of a name').rejects.toThrow('lies in none');
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});
