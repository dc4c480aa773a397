/** Goal: the image can be built from what is in the repository. Method: the Dockerfile's build steps run natively in a clean folder that holds what git knows. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { skeletonFiles } from '../../client/cli/skeleton.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const ignored = ['test/', 'bench/', '.git'];
/** What is in npm's cache is not fetched again. */
const frugal = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dr-image-'));
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const files = stdout.split('\n').filter((file) => file !== '' && !ignored.some((prefix) => file.startsWith(prefix)));
  for (const file of files) await cp(path.join(root, file), path.join(folder, file), { force: true }).catch(ignoreDeleted);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('the build stage leaves a worker that starts without development packages', { timeout: 600_000 }, async () => {
  const dockerfile = await readFile(path.join(root, 'temporal-docker/Dockerfile'), 'utf8');
  const stage = dockerfile.split(/^FROM /m)[1] ?? '';
  const steps = stage.split('\n').flatMap((line) => (line.startsWith('RUN ') ? [line.slice('RUN '.length)] : []));
  expect(steps).toEqual(['npm ci --ignore-scripts', 'npm run build', 'npm prune --omit=dev --ignore-scripts']);
  for (const step of steps) await run('sh', ['-c', step], { cwd: folder, env: { ...process.env, ...frugal }, maxBuffer: 10_000_000 });
  await expect(
    run(process.execPath, ['dist/workers/main.js'], { cwd: folder, env: { PATH: process.env['PATH'], DR_WORKFLOW_BUNDLE: 'dist/workflow-bundle.js' } }),
  ).rejects.toMatchObject({
    code: 2,
    stderr: 'The worker did not start.\n  DR_PLAN: set it to the folder of the plan, such as ./plan/erlmcp.\n',
  });
});

it('the image holds what `dr init` writes', async () => {
  const dockerfile = await readFile(path.join(root, 'temporal-docker/Dockerfile'), 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/build\/(\S+) /gm)].map((match) => match[1]);
  for (const file of Object.values(skeletonFiles())) expect(copied).toContain(path.relative(root, file));
});

/** A file that git still knows and somebody has deleted is not part of the image. */
function ignoreDeleted(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
