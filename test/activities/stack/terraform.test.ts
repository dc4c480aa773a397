/** Goal: what a site is built on, by Terraform. Method: the real program, with resources that need no provider (`terraform_data`): what a provider does with a real cloud is not tried. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkStack } from '../../../activities/access/stack.ts';
import type { StackActivities, StackPreview } from '../../../activities/stack/port.ts';
import { createTerraformStacks } from '../../../activities/stack/terraform.ts';
import type { TerraformStack } from '../../../plan/schema/stack.ts';
import { older, run } from '../aws/support.ts';
import { until } from '../../support/until.ts';
import { site, StackScene } from './support.ts';

const onPath = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'terraform')));

const head = 'variable "dr_run" { type = string }\noutput "dr_run" { value = var.dr_run }\nvariable "cidr" { type = string }\n';
const network = 'resource "terraform_data" "network" { input = var.cidr }\n';
const subnets = 'resource "terraform_data" "subnet" {\n  count = 2\n  input = terraform_data.network.id\n}\n';

/** A resource whose making runs a command. */
const made = (name: string, command: string) =>
  `resource "terraform_data" "${name}" {\n  input = var.cidr\n  provisioner "local-exec" { command = "${command}" }\n}\n`;

let scene: StackScene;
let settings: TerraformStack;
let stacks: StackActivities;
const module = () => join(scene.folder, 'dr');
const write = (...parts: readonly string[]) => writeFileSync(join(module(), 'main.tf'), [head, ...parts].join(''));
const terraform = (...args: readonly string[]) => execFileSync('terraform', [...args], { cwd: module(), encoding: 'utf8', stdio: 'pipe' });
const inState = () => terraform('state', 'list').trim().split('\n').filter(Boolean);
const at = (context = run) => ({ run: context, site });
const apply = (accepted: StackPreview, context = run) => stacks.applyStack({ ...at(context), accepted });

describe.skipIf(!onPath)('a module of Terraform (left out where no terraform is on the PATH)', () => {
  beforeEach(async () => {
    settings = { driver: 'terraform', folder: 'dr', variables: { cidr: '10.0.0.0/16' }, lockTimeout: 'PT0S' };
    scene = await StackScene.open(() => settings);
    stacks = createTerraformStacks(scene.dependencies(), async () => settings);
    scene.holds(run);
    mkdirSync(module());
    write(network, subnets);
    terraform('init', '-input=false');
  });
  afterEach(() => scene.close());

  test('is shown before anything is made, and the look changes nothing', async () => {
    const preview = await stacks.previewStack(at());
    expect(preview).toMatchObject({ status: 'not there', drift: [] });
    expect(preview.changes).toEqual([
      { what: 'terraform_data.network', type: 'terraform_data', action: 'create' },
      { what: 'terraform_data.subnet[0]', type: 'terraform_data', action: 'create' },
      { what: 'terraform_data.subnet[1]', type: 'terraform_data', action: 'create' },
    ]);
    expect(preview).not.toHaveProperty('against');
    expect(existsSync(join(module(), 'terraform.tfstate'))).toBe(false);
    expect(readdirSync(module()).toSorted()).toEqual(['.terraform', 'main.tf']);
  });

  test('is made as it was shown, once, and says whose it is', async () => {
    const preview = await stacks.previewStack(at());
    expect(await apply(preview)).toMatchObject({ before: 'not there', after: '3 resources in the state', changed: true });
    const state = readFileSync(join(module(), 'terraform.tfstate'), 'utf8');
    expect(await apply(preview)).toMatchObject({ after: '3 resources in the state', changed: false });
    expect(readFileSync(join(module(), 'terraform.tfstate'), 'utf8')).toBe(state);
    expect(await stacks.readStack(at())).toMatchObject({ by: run.execution, outputs: { dr_run: run.execution } });
    expect(await stacks.previewStack(at())).toMatchObject({ changes: [] });
  });

  test('is made by another worker too, that has no saved plan and comes to the same', async () => {
    const preview = await stacks.previewStack(at());
    rmSync(join(module(), '.terraform', 'dr'), { recursive: true });
    expect(await apply(preview)).toMatchObject({ changed: true });
    expect(inState()).toHaveLength(3);
  });

  test('is not made when it is another than what was accepted', async () => {
    const preview = await stacks.previewStack(at());
    rmSync(join(module(), '.terraform', 'dr'), { recursive: true });
    write(network, subnets, 'resource "terraform_data" "more" {}\n');
    await expect(apply(preview)).rejects.toThrow('it would create terraform_data.more');
    write(network, subnets.replace('network.id', 'network.output'));
    await expect(apply(preview)).rejects.toThrow('what it is made of has been changed since');
    write(network, subnets);
    settings = { ...settings, variables: { cidr: '10.9.0.0/16' } };
    await expect(apply(preview)).rejects.toThrow('values in it are others by now');
    expect(existsSync(join(module(), 'terraform.tfstate'))).toBe(false);
  });

  test('takes nothing away that stands: what would replace or delete is said before, and refused', async () => {
    await apply(await stacks.previewStack(at()));
    scene.holds(older);
    write(network.replace('input', 'triggers_replace'), subnets.replace('2', '1'));
    const preview = await stacks.previewStack(at(older));
    expect(preview.against).toContain('It would replace terraform_data.network');
    expect(preview.changes).toContainEqual({ what: 'terraform_data.subnet[1]', type: 'terraform_data', action: 'delete' });
  });

  test('that broke off is gone on with: what was made stays, what was made half is made again', async () => {
    write(network, made('gateway', 'test -e ready'));
    const preview = await stacks.previewStack(at());
    await expect(apply(preview)).rejects.toThrow('choose retry: it goes on from there');
    const [first] = (await stacks.readStack(at())).resources;
    expect(first).toMatchObject({ what: expect.stringMatching(/gateway|network/) as string });
    const before = (await stacks.readStack(at())).resources.find(({ what }) => what === 'terraform_data.network');
    writeFileSync(join(module(), 'ready'), '');
    expect(await apply(preview)).toMatchObject({ changed: true });
    const after = await stacks.readStack(at());
    expect(after.resources.find(({ what }) => what === 'terraform_data.network')).toEqual(before);
    expect(after.resources).toHaveLength(2);
  });

  test('goes on when the worker dies in the middle: the next attempt waits for the lock, and finds what was made', async () => {
    write(network, made('gateway', 'touch begun; while ! test -e ready; do sleep 0.05; done; echo made >> times'));
    const preview = await stacks.previewStack(at());
    // As the driver starts it, from a process that is killed.
    const program = new URL('../../../activities/stack/terraform-program.ts', import.meta.url).pathname;
    const saved = join(module(), '.terraform', 'dr', readdirSync(join(module(), '.terraform', 'dr'))[0] ?? '');
    const script = `import(${JSON.stringify(program)}).then(({ runTerraform }) => runTerraform(${JSON.stringify(module())}, ['apply', '-input=false', '-no-color', ${JSON.stringify(saved)}]))`;
    const worker = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: 'ignore' });
    await until('terraform makes something', async () => (existsSync(join(module(), 'begun')) ? true : undefined));
    worker.kill('SIGKILL');
    await until('the worker is gone', async () => (worker.signalCode === 'SIGKILL' ? true : undefined));
    const refusal = await apply(preview).catch((error: Error) => error.message);
    expect(refusal).toMatch(/is locked by .+ since .+Only where that process is certainly gone: .+force-unlock [0-9a-f-]{36}/);
    writeFileSync(join(module(), 'ready'), '');
    await until('terraform has ended', async () => (existsSync(join(module(), '.terraform.tfstate.lock.info')) ? undefined : true));
    expect(await apply(preview)).toMatchObject({ changed: false, after: '2 resources in the state' });
    expect(readFileSync(join(module(), 'times'), 'utf8')).toBe('made\n');
  });

  test('is taken back by the run that made it, whole, and by no other', async () => {
    const newer = { ...run, execution: 'recovery/tickets@2', epoch: 5 };
    await apply(await stacks.previewStack(at()));
    scene.holds(newer);
    const left = await stacks.takeBackStack(at(newer));
    expect(left.changed).toBe(false);
    expect(left.remaining).toEqual([expect.stringContaining(`it was made by ${run.execution}, and not by this one`)]);
    expect(inState()).toHaveLength(3);
    scene.holds(run);
    expect(await stacks.takeBackStack(at())).toMatchObject({ changed: true, after: 'not there' });
    expect(inState()).toEqual([]);
    expect(await stacks.takeBackStack(at())).toMatchObject({ changed: false, after: 'not there' });
  });

  test('changes nothing for a run that has lost its epoch', async () => {
    const preview = await stacks.previewStack(at());
    scene.holds({ ...run, execution: 'recovery/tickets@2', epoch: 5 });
    await expect(apply(preview)).rejects.toThrow('holds epoch 5');
    expect(existsSync(join(module(), 'terraform.tfstate'))).toBe(false);
  });

  test('is looked at by the check of the estate, which makes nothing', async () => {
    const check = async () => (await checkStack(scene.plan(), site, run, scene.dependencies())).map(({ result, detail }) => `${result}: ${detail}`);
    expect(await check()).toEqual(['ok: module dr of Terraform: not there, 3 to create; making it is not tried']);
    expect(existsSync(join(module(), 'terraform.tfstate'))).toBe(false);
    await apply(await stacks.previewStack(at()));
    scene.holds(older);
    write(network);
    expect(await checkStack(scene.plan(), 'stockholm', run, scene.dependencies())).toEqual([]);
    const [lacking] = await checkStack(scene.plan(), site, older, scene.dependencies());
    expect(lacking).toMatchObject({ result: 'lacking', detail: expect.stringContaining('It would delete terraform_data.subnet[0]') as string });
  });

  test('that cannot be planned says what to do', async () => {
    writeFileSync(join(module(), 'main.tf'), network);
    await expect(stacks.previewStack(at())).rejects.toThrow('undeclared');
    write('module "net" { source = "./net" }\n');
    await expect(stacks.previewStack(at())).rejects.toThrow(`Run terraform init in ${module()}`);
    settings = { ...settings, folder: '../elsewhere' };
    await expect(stacks.previewStack(at())).rejects.toThrow("does not lie below the plan's");
  });
});

test('a worker without the program says so', async () => {
  settings = { driver: 'terraform', folder: 'dr', variables: {}, lockTimeout: 'PT0S' };
  scene = await StackScene.open(() => settings);
  stacks = createTerraformStacks(scene.dependencies(), async () => settings);
  mkdirSync(module());
  const path = process.env['PATH'];
  try {
    process.env['PATH'] = '/nonexistent';
    await expect(stacks.previewStack(at())).rejects.toThrow('There is no program terraform on the PATH of this worker.');
  } finally {
    process.env['PATH'] = path;
    await scene.close();
  }
});
