/** What the drivers of infrastructure are tried with: a plan that has one, holders of the epoch, a folder of a plan. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunContext } from '../../../activities/context.ts';
import type { FolderDependencies } from '../../../activities/dependencies.ts';
import { zone } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { StackSettings } from '../../../plan/schema/stack.ts';
import { ZoneStandIn } from '../../support/zone-stand-in.ts';
import { dependenciesOf, heldBy, type HeldEpochs } from '../aws/support.ts';

export const site = 'dublin';

/** A folder of a plan with what a site is built on, and those who hold the epoch of `holds`. */
export class StackScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'dr-stack-'));
  held: HeldEpochs = new Map();
  private readonly zoneApi: ZoneStandIn;
  private readonly settings: () => StackSettings;

  private constructor(zoneApi: ZoneStandIn, settings: () => StackSettings) {
    this.zoneApi = zoneApi;
    this.settings = settings;
  }

  static async open(settings: () => StackSettings): Promise<StackScene> {
    return new StackScene(await ZoneStandIn.start(), settings);
  }

  holds(run: RunContext): void {
    this.held = heldBy(run, 'dublin', 'stockholm', zone.called);
  }

  plan(): Plan {
    const ids = ['paris', 'dublin', 'stockholm'].map((id) => ({ id }));
    const restore = { infrastructure: { [site]: this.settings() } };
    return { sites: ids, estate: { restore, sites: { paris: {}, dublin: {}, stockholm: {} } } } as unknown as Plan;
  }

  dependencies(): FolderDependencies {
    const parts = dependenciesOf(
      () => this.plan(),
      () => this.held,
      () => this.zoneApi,
    );
    return { ...parts, planFolder: this.folder };
  }

  async close(): Promise<void> {
    await this.zoneApi.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
