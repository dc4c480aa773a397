/** `dr assess`: it looks, and changes nothing. */
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { printJson, withProgress } from '../io.ts';
import { checkSite, readPlan } from '../plan-input.ts';
import type { PlanOption } from '../plan-input.ts';
import type { Register } from '../register.ts';
import { withClient } from '../session.ts';
import { renderAssessment } from '../views/assessment.ts';

interface AssessOptions extends PlanOption {
  readonly from?: string;
  readonly json?: true;
}

export function addAssess(program: Command, register: Register): void {
  const assess = program
    .command('assess')
    .description('look at the estate as a failover would: score, targets, estimated loss, recommendation')
    .option('--from <site>', "site to assess; absent: the plan's primary")
    .option('--json', 'for programs');
  register(assess, runAssess);
}

async function runAssess(io: Io, options: AssessOptions): Promise<ExitCode> {
  const { plan, digest } = await readPlan(io, options);
  const from = options.from ?? plan.sites.find(({ role }) => role === 'primary')?.id ?? '';
  checkSite(plan, from, '--from');
  return withClient(io, async (client) => {
    const assessment = await withProgress(io, `Looking at ${from}`, client.assess({ estate: plan.estate.name, from, planDigest: digest }));
    if (options.json) printJson(io, assessment);
    else io.out(renderAssessment(assessment));
    return exitCodes.ok;
  });
}
