/** `dr-lab customers`: what the customers saw, and whether they call. */
import { InvalidArgumentError, type Command } from 'commander';
import type { CustomerFigures } from '../customers/figures.ts';
import { formatFigures } from '../customers/table.ts';
import { call, type LabHandle } from './call.ts';

function rate(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('Write a whole number of writes a second, from 1 to 200.');
  return Number(text);
}

export function customersCommands(program: Command, lab: () => LabHandle, answer: (value: unknown, text: string) => void): void {
  const customers = program.command('customers').description('outage per function and missing writes, as the customers saw them');
  customers
    .command('figures', { isDefault: true })
    .description('judge the ledger against the stores as they are now')
    .option('--since <time>', 'only calls sent since, RFC 3339')
    .option('--until <time>', 'only calls sent until, RFC 3339')
    .action(async (options: { since?: string; until?: string }) => {
      const figures = await call<CustomerFigures>(lab(), 'customers/figures', options);
      answer(figures, formatFigures(figures));
    });
  customers
    .command('start')
    .description('let the customers call')
    .option('--writes <n>', 'writes a second of all together', rate)
    .action(async ({ writes }: { writes?: number }) => {
      const result = await call(lab(), 'customers/start', writes === undefined ? {} : { writesPerSecond: writes });
      answer(result, 'customers call');
    });
  customers
    .command('stop')
    .description('let the customers rest')
    .action(async () => answer(await call(lab(), 'customers/stop'), 'customers rest'));
}
