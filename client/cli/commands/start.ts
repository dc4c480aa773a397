/** `dr start PROCEDURE`, for each procedure whose start says by which options it is asked for. */
import type { Command } from 'commander';
import { type ProcedureName, procedureNames } from '../../../plan/catalogue/names.ts';
import type { StartOption } from '../../../workflows/wire/start.ts';
import { type StartInputs, starts } from '../../../workflows/wire/starts.ts';
import { badInput } from '../failures.ts';
import { checkSite } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { startProcedure, withStartOptions } from '../start-command.ts';
import type { StartOptions } from '../start-command.ts';

type Fields = Readonly<Record<string, StartOption>>;
type OwnOptions = StartOptions & Readonly<Record<string, string>>;

export function addStart(program: Command, register: Register): void {
  const named = (Object.keys(starts) as ProcedureName[]).flatMap((name) => {
    const fields: Fields | null = starts[name].options;
    return fields === null ? [] : [{ name, fields }];
  });
  if (named.length === 0) return;
  const group = program.command('start').description('start a procedure of the plan');
  for (const { name, fields } of named) addProcedure(group, register, name, fields);
}

function addProcedure(group: Command, register: Register, name: ProcedureName, fields: Fields): void {
  const what = procedureNames[name];
  const start = group
    .command(name)
    .description(`${what.charAt(0).toLowerCase()}${what.slice(1).replace(/\.$/, '')}; it is followed, and people decide at its gates`);
  for (const [field, { is, says }] of Object.entries(fields)) start.requiredOption(`${flagOf(field)} <${is}>`, says);
  register(withStartOptions(start), (io, options: OwnOptions) =>
    startProcedure(io, name, options, (common, plan) => {
      const own = Object.keys(fields).map((field) => [field, options[field] ?? ''] as const);
      for (const [field, value] of own) if (fields[field]?.is === 'site') checkSite(plan, value, flagOf(field));
      const input = { ...common, ...Object.fromEntries(own) };
      const { error } = starts[name].form.safeParse(input);
      if (error) throw badInput(error.issues.map(({ path, message }) => `${flagOf(path.join('.'))}: ${message}.`).join(' '), `See: dr start ${name} --help`);
      return input as unknown as StartInputs[typeof name];
    }),
  );
}

/** As commander names the option of a field, such as `--restore-point`. */
function flagOf(field: string): string {
  return `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
