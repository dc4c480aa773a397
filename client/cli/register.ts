/** How commands are given what they do. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Gives a command its action. Options of the parents, such as `--plan`, come with the command's own; `argument` is the command's only one, if it has one. */
export type Register = <Options extends object, Argument extends string | undefined>(
  command: Command,
  action: (io: Io, options: Options, argument: Argument) => Promise<ExitCode>,
) => void;
