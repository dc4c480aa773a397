/** Messages to people, from the plan's templates. */
import type { RunContext } from '../context.ts';

export interface CommunicationActivities {
  /** Renders the plan's stakeholder template and mails it to its groups. A placeholder without a value shows as `[unknown: name]`. Sent at most once per run: the message id is made from it. */
  notifyStakeholders(input: {
    readonly run: RunContext;
    readonly values: Readonly<Record<string, string>>;
  }): Promise<{ readonly recipients: readonly string[]; readonly messageId: string; readonly at: string }>;
}
