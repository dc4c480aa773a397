/** `dr release list` and `dr release use`: under which release of the workers new runs begin. */
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { printJson } from '../io.ts';
import { readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { withClient } from '../session.ts';
import { findings, renderReleases } from '../views/releases.ts';

interface ReleaseOptions extends PlanOption {
  readonly json?: true;
}

export function addRelease(program: Command, register: Register): void {
  const release = program.command('release').description("releases of the estate's workers");
  const list = release
    .command('list', { isDefault: true })
    .description('each release: whether it is current, its workers, the open runs that go on under it alone');
  register(list.option('--json', 'for programs'), showReleases);
  const use = release
    .command('use')
    .description('make a release current: new runs begin under it, open ones stay on theirs; refused for one that no worker polls')
    .argument('<release>', 'as dr release list names it');
  register(use, makeCurrent);
}

async function showReleases(io: Io, options: ReleaseOptions): Promise<ExitCode> {
  const estate = await estateOfPlan(io, options);
  return withClient(io, async (client) => {
    const releases = await client.releases(estate);
    if (options.json) printJson(io, releases);
    else io.out(renderReleases(estate, releases));
    return findings(releases).length > 0 ? exitCodes.notGood : exitCodes.ok;
  });
}

async function makeCurrent(io: Io, options: PlanOption, release: string): Promise<ExitCode> {
  const estate = await estateOfPlan(io, options);
  return withClient(io, async (client) => {
    await client.useRelease(estate, release);
    io.out(
      `New runs of ${estate} begin under ${release}. Open runs go on under the release that they began with; keep a worker of it until they have ended: dr release list\n`,
    );
    return exitCodes.ok;
  });
}

async function estateOfPlan(io: Io, options: PlanOption): Promise<string> {
  return (await readPlan(io, options)).plan.estate.name;
}
