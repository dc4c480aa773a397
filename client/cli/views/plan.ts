/** The plan as people read it: objectives, sites, functions, the runbook and who decides. Pure. */
import { runbooksOf } from '../../../plan/rules/runbooks.ts';
import { formatSeconds, seconds } from '../../../plan/durations.ts';
import type { Plan, PlanSnapshot, Procedure } from '../../../plan/schema.ts';
import { forTerminal } from '../../../report/media/terminal.ts';
import { section, table } from './text.ts';

export function renderPlan(snapshot: PlanSnapshot): string {
  const { plan, digest } = forTerminal(snapshot);
  return [
    `${plan.plan.title}\n${plan.plan.organisation}, version ${plan.plan.version}, reviewed ${plan.plan.reviewedOn}\ndigest ${digest}\n`,
    `Sites\n${siteTable(plan)}\n`,
    `Business functions\n${functionTable(plan)}\n`,
    `Disaster categories\n${categoryTable(plan)}\n`,
    ...runbooksOf(plan).map(([name, procedure]) => renderProcedure(name, procedure)),
    section(
      'Groups',
      plan.groups.map((group) => `${group.id}: ${group.members.join(', ')}`),
    ),
    section(
      'Accepted findings',
      plan.acceptedFindings.map((finding) => `${finding.rule} at ${finding.path}: ${finding.note}`),
    ),
  ].join('\n');
}

function siteTable(plan: Plan): string {
  return table(
    ['site', 'role', 'status', 'capacity', 'in a failover', 'target of'],
    plan.sites.map((site) => [
      site.id,
      site.role,
      site.status,
      `${site.capacity.baselinePercent} %`,
      `${site.capacity.failoverPercent} %`,
      site.targetOf.join(', '),
    ]),
  );
}

function functionTable(plan: Plan): string {
  return table(
    ['function', 'tier', 'RTO', 'RPO', 'MTD', 'cost of a year', 'team'],
    plan.functions.map(({ id, tier, rto, rpo, mtd, annualCostOfDowntime: cost, team }) => [
      id,
      String(tier),
      ...[rto, rpo, mtd].map(human),
      cost ? `${cost.amount.toLocaleString('en')} ${cost.currency}` : '',
      team,
    ]),
  );
}

function categoryTable(plan: Plan): string {
  return table(
    ['category', 'RTO', 'RPO', 'MTD'],
    plan.objectives.categories.map(({ id, rto, rpo, mtd }) => [id, ...[rto, rpo, mtd].map(human)]),
  );
}

function renderProcedure(name: string, procedure: Procedure): string {
  const rows = procedure.steps.map((step) => [
    step.id === procedure.pointOfNoReturn ? '>>' : '',
    step.id,
    human(step.bound),
    step.critical ? 'critical' : 'optional',
    step.skippable ? 'may be skipped' : '',
    step.gateBefore ?? '',
  ]);
  const gates = procedure.gates.map((gate) => `${gate.id}: ${gate.quorum} of ${gate.electorate.join(' + ')} within ${human(gate.deadline)}: ${gate.question}`);
  return `Procedure ${name}: ${procedure.title} (>> = point of no return)\n${table(['', 'step', 'at most', '', '', 'gate before'], rows)}\n${section('Gates', gates)}`;
}

function human(duration: string): string {
  return formatSeconds(seconds(duration));
}
