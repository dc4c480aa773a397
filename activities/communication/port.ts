/** Messages to people, from the plan's templates. */
import type { ReachOf, RunContext } from '../context.ts';

export interface CommunicationChanges {
  /**
   * Renders the plan's stakeholder template and mails it to its groups. A placeholder without a value shows as `[unknown: name]`.
   * A repeat after a lost reply may send it again, under the same message id: that is made from the execution and its epoch, so a reader can see the two as one.
   */
  notifyStakeholders(input: {
    readonly run: RunContext;
    readonly values: Readonly<Record<string, string>>;
    /** What it is about, for the message id, when it is not the run's own message at its end. */
    readonly about?: string;
  }): Promise<{ readonly recipients: readonly string[]; readonly messageId: string; readonly at: string }>;
}

export const communicationChanges = { notifyStakeholders: 'record' } as const satisfies ReachOf<CommunicationChanges>;

export type CommunicationActivities = CommunicationChanges;
