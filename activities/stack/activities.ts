/** What a site is built on, by the driver that the plan names for it: those of a plan may differ from site to site. */
import { stackOf } from '../../plan/rules/stacks.ts';
import type { StackSettings } from '../../plan/schema/stack.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { createCloudFormationStacks } from './cloudformation.ts';
import type { StackActivities, StackAt } from './port.ts';
import { createTerraformStacks } from './terraform.ts';

export function createStackActivities(dependencies: FolderDependencies): StackActivities {
  const settingsOf = async ({ run, site }: StackAt): Promise<StackSettings> => {
    const settings = stackOf(await dependencies.planOf(run.planDigest), site);
    if (settings) return settings;
    throw failure('refused', {
      happened: `The plan has nothing to build ${site} on.`,
      leftAs: 'Nothing was changed.',
      next: 'Add it below estate.restore.infrastructure, and start again.',
    });
  };
  const drivers = {
    cloudformation: createCloudFormationStacks(dependencies, async (at) => of(await settingsOf(at), 'cloudformation')),
    terraform: createTerraformStacks(dependencies, async (at) => of(await settingsOf(at), 'terraform')),
  };
  const driverOf = async (at: StackAt): Promise<StackActivities> => drivers[(await settingsOf(at)).driver];
  return {
    previewStack: async (input) => (await driverOf(input)).previewStack(input),
    readStack: async (input) => (await driverOf(input)).readStack(input),
    applyStack: async (input) => (await driverOf(input)).applyStack(input),
    takeBackStack: async (input) => (await driverOf(input)).takeBackStack(input),
  };
}

function of<Driver extends StackSettings['driver']>(settings: StackSettings, driver: Driver): Extract<StackSettings, { driver: Driver }> {
  if (settings.driver !== driver) throw new Error(`A plan with the driver ${settings.driver} was given to that of ${driver}.`);
  return settings as Extract<StackSettings, { driver: Driver }>;
}
