/** What sites of the model are built on: what would be made, and whose it is. */
import { ApplicationFailure } from '@temporalio/common';
import type { Change, RunContext } from '../../activities/context.ts';
import type { Activities } from '../../activities/index.ts';
import type { ApplyStack, StackPreview, StackState } from '../../activities/stack/port.ts';
import type { StackChange } from '../../plan/rules/stacks.ts';
import type { SiteId } from '../../plan/schema.ts';

export class FakeStacks {
  /** What an apply would do where nothing stands. */
  wanted: StackChange[] = [
    { what: 'Network', type: 'AWS::EC2::VPC', action: 'create' },
    { what: 'DatabaseSubnets', type: 'AWS::RDS::DBSubnetGroup', action: 'create' },
  ];
  /** Made, and by which run. */
  readonly at = new Map<SiteId, string>();
  private readonly shown = new Set<SiteId>();
  /** Why it cannot be applied. */
  against: string | undefined;
  /** Why it is not deleted, though the run made it. */
  stays: string | undefined;

  /** Also where the plan builds it on what is there, or people went on without. */
  stands(site: SiteId): boolean {
    return this.at.has(site) || !this.shown.has(site);
  }

  preview(site: SiteId, at: string): StackPreview {
    this.shown.add(site);
    const stands = this.at.has(site);
    const changes = stands ? [] : this.wanted;
    const digest = changes.map(({ what, action }) => `${action} ${what}`).join();
    const against = this.against === undefined ? {} : { against: this.against };
    return { site, stack: 'stack of the model', status: stands ? 'made' : 'not there', changes, drift: [], basis: 'model', digest, ...against, at };
  }

  state(site: SiteId, at: string): StackState {
    const by = this.at.get(site);
    const resources = by === undefined ? [] : this.wanted.map(({ what, type }) => ({ what, type, id: what.toLowerCase() }));
    return {
      site,
      stack: 'stack of the model',
      status: by === undefined ? 'not there' : 'made',
      ...(by === undefined ? {} : { by }),
      resources,
      outputs: {},
      at,
    };
  }

  /** Gives the states before and after. */
  apply({ run, site, accepted }: ApplyStack): readonly [string, string] {
    const { changes, digest } = this.preview(site, '');
    if (changes.length === 0) return ['made', 'made'];
    if (digest !== accepted.digest) throw ApplicationFailure.nonRetryable('It is not what people have accepted.', 'refused');
    this.at.set(site, run.execution);
    return ['not there', 'made'];
  }

  /** What stays, where it does. */
  takeBack(site: SiteId, execution: string): readonly string[] {
    const by = this.at.get(site);
    if (by === undefined) return [];
    const why = by === execution ? this.stays : `it was made by ${by}`;
    if (why === undefined) this.at.delete(site);
    return why === undefined ? [] : [`stack of the model stays at ${site}: ${why}.`];
  }
}

type StackActs = Pick<Activities, 'previewStack' | 'readStack' | 'applyStack' | 'takeBackStack'>;

/** The activities of it, guarded as those of any target are. */
export function stackActivities(stacks: FakeStacks, mustHold: (run: RunContext, site: SiteId) => void, time: () => string): StackActs {
  const change = (before: string, after: string): Change => ({ before, after, changed: before !== after, source: 'model', at: time() });
  return {
    previewStack: async ({ site }) => stacks.preview(site, time()),
    readStack: async ({ site }) => stacks.state(site, time()),
    applyStack: async (input) => {
      mustHold(input.run, input.site);
      return change(...stacks.apply(input));
    },
    takeBackStack: async ({ run, site }) => {
      mustHold(run, site);
      const before = stacks.state(site, time()).status;
      const remaining = stacks.takeBack(site, run.execution);
      return { ...change(before, stacks.state(site, time()).status), remaining };
    },
  };
}
