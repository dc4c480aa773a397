/** Goal: a field that `dr start` does not ask for does not compile. Method: the type check of this file; each `@ts-expect-error` is an error when the line below it compiles. */
import type { RegionalFailoverInput } from '../../workflows/wire/regional-failover.ts';
import type { Start, StartOption } from '../../workflows/wire/start.ts';
import type { StartInput } from '../../workflows/wire/messages.ts';

interface Input extends StartInput {
  readonly at: string;
  readonly profile: string;
}

declare const site: StartOption;

export const whole: Start<Input>['options'] = { at: site, profile: { is: 'text', says: 'profile' } };
export const ofItsOwn: Start<RegionalFailoverInput>['options'] = null;

// @ts-expect-error: the profile is not asked for
export const lacking: Start<Input>['options'] = { at: site };
// @ts-expect-error: who starts it is asked for by every start
export const twice: Start<Input>['options'] = { at: site, profile: site, startedBy: site };
// @ts-expect-error: a declaration is no text, so that the command is written by hand
export const noText: Start<RegionalFailoverInput>['options'] = { from: site, to: site, declaredFailed: site };
