/** Goal: the documented example works as it stands, through the package's exports, and no worker code comes with them. Method: child processes on the compiled package. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeEstate } from '../model/estate.ts';
import { Stage } from './support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let stage: Stage;

beforeAll(async () => {
  if (!existsSync(`${root}/dist/client/index.js`)) throw new Error('The package is not built. Run: npm run build');
  stage = await Stage.open();
});
afterAll(async () => stage?.close());

it('docs/examples/client.ts rehearses a failover and prints what it would change', { timeout: 180_000 }, async () => {
  const estate = new FakeEstate(stage.plan);
  const { stdout } = await stage.with(estate, () =>
    run(process.execPath, ['--import', 'tsx', 'docs/examples/client.ts', stage.plan.plan.estate.name, 'us-east-1', 'eu-central-1'], {
      cwd: root,
      env: { ...process.env, TEMPORAL_ADDRESS: stage.address, TEMPORAL_NAMESPACE: stage.namespace },
    }),
  );
  expect(stdout).toMatch(/^would change: /m);
  expect(estate.changes()).toEqual([]);
});

it('importing the client loads neither the worker nor a driver', async () => {
  const script = `import { createRequire } from 'node:module';
    import { DrClient } from 'dr-orchestrator';
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify({ client: typeof DrClient, unwanted: loaded.filter((file) => /@temporalio.(worker|core-bridge|activity)|[/]pg[/]|ioredis|ssh2|aws-sdk/.test(file)) }));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  expect(JSON.parse(stdout)).toEqual({ client: 'function', unwanted: [] });
});
