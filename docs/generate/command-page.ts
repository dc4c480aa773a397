/** The reference page of the command line, from the program itself. */
import type { Argument, Command, Option } from 'commander';
import type { Io } from '../../client/cli/io.ts';
import { createProgram } from '../../client/cli/program.ts';
import { table } from '../../report/markdown.ts';
import { code, page } from './page.ts';

const nobody: Io = {
  environment: {},
  interactive: false,
  out: () => undefined,
  err: () => undefined,
  clear: () => undefined,
  redraw: () => undefined,
  onInterrupt: () => () => undefined,
};

export function commandPage(): string {
  const program = createProgram(nobody, () => undefined);
  const commands = leavesOf(program).map(({ command, words }) => {
    const rows = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)];
    const usage = [words, ...command.registeredArguments.map(placeholder), ...(command.options.length > 0 ? ['[options]'] : [])].join(' ');
    const details = rows.length === 0 ? '' : `\n\n${table(['Argument or option', 'Needed', 'Meaning'], rows)}`;
    return `## ${code(words)}\n\n${sentence(command.description())}\n\n\`\`\`\n${usage}\n\`\`\`${details}`;
  });
  return page('Commands', `${program.description()}\n\nHow they are used: [commands](../commands.md). Exit codes: [errors](errors.md).`, [
    `## For every command\n\n${table(['Option', 'Needed', 'Meaning'], program.options.map(optionRow))}`,
    ...commands,
  ]);
}

interface Leaf {
  readonly command: Command;
  /** As it is typed: `dr plan check`. */
  readonly words: string;
}

/** Commands that do something, in the order of their registration. */
function leavesOf(command: Command, before: readonly string[] = []): readonly Leaf[] {
  const words = [...before, command.name()];
  if (command.commands.length === 0) return [{ command, words: words.join(' ') }];
  return command.commands.flatMap((child) => leavesOf(child, words));
}

function argumentRow(argument: Argument): readonly string[] {
  return [code(placeholder(argument)), argument.required ? 'yes' : 'no', argument.description];
}

function optionRow(option: Option): readonly string[] {
  const given: unknown = option.defaultValue;
  const needed = given !== undefined ? `default ${code(typeof given === 'string' ? given : JSON.stringify(given))}` : option.mandatory ? 'yes' : 'no';
  return [code(option.flags), needed, option.description];
}

function placeholder(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return first.endsWith('.') ? first : `${first}.`;
}
