/** What a site is built on where nothing stands yet: what would be made there is shown, exactly that is made, and what a run made it can take back. */
import type { StackChange } from '../../plan/rules/stacks.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

export interface StackAt {
  readonly run: RunContext;
  readonly site: SiteId;
}

/** What an apply would do now. Found by reading alone. */
export interface StackPreview {
  readonly site: SiteId;
  /** For people: driver and name, such as `stack my-service-dr of CloudFormation`. */
  readonly stack: string;
  /** State as the provider names it; `not there` where nothing is. */
  readonly status: string;
  readonly changes: readonly StackChange[];
  /** What stands there otherwise than it was made, a line each. */
  readonly drift: readonly string[];
  /** SHA-256 of what they are made of: template or configuration, and its parameters. */
  readonly basis: string;
  /** SHA-256 of the changes, with all that is known of their values. */
  readonly digest: string;
  /** Why it cannot be applied, as sentences: what is there, and what to do. */
  readonly against?: string;
  /** RFC 3339. */
  readonly at: string;
}

/** What stands there. */
export interface StackState {
  readonly site: SiteId;
  readonly stack: string;
  /** `not there` where nothing is. */
  readonly status: string;
  /** Execution that made it; absent where no run did. */
  readonly by?: string;
  readonly resources: readonly { readonly what: string; readonly type: string; readonly id: string }[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly at: string;
}

export interface ApplyStack extends StackAt {
  /** What people have seen and accepted. */
  readonly accepted: Pick<StackPreview, 'changes' | 'basis' | 'digest'>;
}

export interface StackReads {
  /** `permanent` where it cannot be told: no program, no template, no right. */
  previewStack(input: StackAt): Promise<StackPreview>;
  readStack(input: StackAt): Promise<StackState>;
}

export interface StackChanges {
  /** Makes exactly what was accepted: `refused` before anything is changed where it would be anything else, or take something away. Finds what an earlier try has made. */
  applyStack(input: ApplyStack): Promise<Change>;
  /** Deletes what this run has made, whole. What it did not make, or what holds data, stays, and `remaining` says so. */
  takeBackStack(input: StackAt): Promise<Change>;
}

export const stackChanges = { applyStack: 'estate', takeBackStack: 'estate' } as const satisfies ReachOf<StackChanges>;

export type StackActivities = StackReads & StackChanges;
