/** Sites that a person declares failed against the probes: the options of the commands that start a recovery. */
import type { Command } from 'commander';
import { badInput } from './failures.ts';

export interface DeclarationOptions {
  readonly declaredFailed?: string;
  readonly since?: string;
}

/** `what` has failed, for people. */
export function withDeclaration(command: Command, what: string): Command {
  return command
    .option('--declared-failed <reason>', `declare ${what} failed against the probes (grey failure)`)
    .option('--since <time>', 'with --declared-failed: since when, RFC 3339');
}

/** What was declared, as the input of a procedure has it; empty when nothing was. Throws `bad-input` for what cannot be used. */
export function declaration(options: DeclarationOptions): { readonly declaredFailed?: { readonly reason: string; readonly since?: string } } {
  if (options.declaredFailed === undefined) {
    if (options.since !== undefined)
      throw badInput('--since says since when a site is declared failed, and nobody declared it.', 'Add --declared-failed REASON, or leave --since out.');
    return {};
  }
  if (options.declaredFailed.trim() === '') throw badInput('--declared-failed needs a reason.', 'Say what you see that the probes do not.');
  if (options.since === undefined) return { declaredFailed: { reason: options.declaredFailed } };
  const since = new Date(options.since);
  if (Number.isNaN(since.getTime()) || since.getTime() > Date.now())
    throw badInput(`--since: ${options.since} is not a time in the past.`, 'Write RFC 3339, such as 2026-05-04T13:37:00Z.');
  return { declaredFailed: { reason: options.declaredFailed, since: since.toISOString() } };
}
