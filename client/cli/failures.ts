/** Every error as one sentence on what happened and one on what to do, and its exit code. */
import { CommanderError } from 'commander';
import { PlanError } from '../../plan/load.ts';
import { terminalText } from '../../report/media/terminal.ts';
import { DrError } from '../errors.ts';
import type { DrErrorKind } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Exit code for each kind of error of the client. */
export const codeOfKind: Readonly<Record<DrErrorKind, ExitCode>> = {
  'bad-input': exitCodes.badInput,
  'unknown-run': exitCodes.badInput,
  'no-server': exitCodes.unavailable,
  'no-worker': exitCodes.unavailable,
  'already-running': exitCodes.refused,
  refused: exitCodes.refused,
  ended: exitCodes.refused,
};

/** Prints the error and returns the exit code. */
export function explainFailure(io: Io, error: unknown): ExitCode {
  // Commander has printed its own sentence already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
  if (error instanceof DrError) {
    io.err(`${terminalText(error.message)}\n${terminalText(error.hint)}\n`);
    return codeOfKind[error.kind];
  }
  if (error instanceof PlanError) {
    io.err(`${error.message}\nMend the lines above, then check again: dr plan check\n`);
    return exitCodes.badInput;
  }
  io.err(`dr failed in a way that it does not know: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.fault;
}

/** A command line or plan that makes no sense; nothing was sent. */
export function badInput(message: string, hint: string): DrError {
  return new DrError('bad-input', message, { hint });
}
