/** Goal: the deployment is one that composes, keeps the rules, and whose namespace suits our runs. Method: docker-compose reads it; its script runs against a dev server. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findTemporal } from '../../lab/setup/paths.ts';
import { checkSearchAttributes } from '../../workers/worker.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../temporal-docker', import.meta.url));

interface Composed {
  readonly services: Record<string, { readonly image?: string; readonly environment?: Record<string, string>; readonly ports?: readonly unknown[] }>;
}

async function fill(env: string): Promise<string> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'dr-compose-'));
  await writeFile(path.join(scratch, 'secrets.env'), '');
  const file = path.join(scratch, 'env');
  const values = { TEMPORAL_DATABASE_PASSWORD: 'example', DR_SECRETS_FILE: path.join(scratch, 'secrets.env') };
  await writeFile(
    file,
    Object.entries(values).reduce((text, [name, value]) => text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`), env),
  );
  return file;
}

describe('compose.yaml', () => {
  let composed: Composed;

  beforeAll(async () => {
    const env = await fill(await readFile(path.join(folder, '.env.example'), 'utf8'));
    const { stdout } = await run('docker-compose', ['--env-file', env, '-f', path.join(folder, 'compose.yaml'), 'config']);
    composed = parse(stdout) as Composed;
  });

  it('has a server without auto-setup, on 512 shards, and a UI that shows current details and ends nothing', () => {
    const { temporal, 'temporal-ui': ui } = composed.services;
    expect(Object.values(composed.services).some(({ image }) => image?.includes('auto-setup'))).toBe(false);
    expect(temporal?.environment?.['NUM_HISTORY_SHARDS']).toBe('512');
    expect(Number(ui?.image?.split(':2.')[1]?.split('.')[0])).toBeGreaterThanOrEqual(44);
    expect(ui?.environment).toMatchObject({ TEMPORAL_WORKFLOW_TERMINATE_DISABLED: 'true', TEMPORAL_WORKFLOW_RESET_DISABLED: 'true' });
  });

  it('publishes nothing beyond loopback unless somebody says so', () => {
    const ports = Object.values(composed.services).flatMap(({ ports: published }) => (published ?? []).map((port) => JSON.stringify(port)));
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.includes('127.0.0.1'))).toEqual([]);
  });

  it('refuses to start without the settings that have no safe default', async () => {
    const empty = path.join(await mkdtemp(path.join(tmpdir(), 'dr-compose-')), 'env');
    await writeFile(empty, '');
    await expect(run('docker-compose', ['--env-file', empty, '-f', path.join(folder, 'compose.yaml'), 'config'])).rejects.toThrow(/set it in \.env/);
  });
});

describe('scripts/setup-namespace.sh', () => {
  it('makes a namespace that a worker accepts, and may run again', async () => {
    const temporal = findTemporal();
    if (!temporal) throw new Error('The Temporal command line is missing. Install it with: npm run setup');
    const server = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path: temporal } } });
    try {
      await expect(checkSearchAttributes(server.nativeConnection, 'default')).rejects.toThrow(/search-attribute create --namespace default --name DrEstate/);
      const env = {
        ...process.env,
        PATH: `${path.dirname(temporal)}:${process.env['PATH']}`,
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: 'dr',
        RETENTION: '90d',
      };
      for (let time = 0; time < 2; time++)
        expect((await run('sh', [path.join(folder, 'scripts/setup-namespace.sh')], { env })).stdout).toContain('namespace dr ready');
      await checkSearchAttributes(server.nativeConnection, 'dr');
    } finally {
      await server.teardown();
    }
  });
});
