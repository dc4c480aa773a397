/** The laws of a good plan, across its files: what `dr plan check` says. Reads the plan's folder and the notes; changes nothing. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlanError, type Finding } from './findings.ts';
import { checkAcceptances, headings, markAccepted } from './lint/accepted.ts';
import { epochRecordApart, linkTimeouts, standbyNamesApart, targetsReachableByDns } from './lint/estate.ts';
import { channelContacts, channelUsed, placeholdersFilled } from './lint/communication.ts';
import { backupMeetsRecoveryPoint, functionVerified, lagWithinRpo, probeCompares, rtoWithinMtd, tierOneWithinOverall } from './lint/objectives.ts';
import { escalationRises, levelFires, peopleReachable, quorumReachable, responseTime } from './lint/people.ts';
import { boundsHoldWaits, criticalPath, gatesUsed, pointOfNoReturn, quorum, stepNeverSkipped, stepsInOrder } from './lint/procedures.ts';
import type { Problem, Rule } from './lint/rule.ts';
import { addressesApart, failedSiteNotNeeded, onePrimary, procedureExists, siteTargeted, targetCanServe } from './lint/sites.ts';
import { checkTemplates } from './lint/templates.ts';
import { undoWithinBound, watchAsLongAsHold } from './lint/ways-back.ts';
import { loadPlanWithSource, place, type LoadedPlan } from './load.ts';
import type { Plan, PlanSnapshot } from './schema.ts';

const rules: readonly Rule[] = [
  onePrimary,
  siteTargeted,
  procedureExists,
  targetCanServe,
  addressesApart,
  failedSiteNotNeeded,
  rtoWithinMtd,
  tierOneWithinOverall,
  functionVerified,
  probeCompares,
  lagWithinRpo,
  backupMeetsRecoveryPoint,
  stepsInOrder,
  stepNeverSkipped,
  pointOfNoReturn,
  quorum,
  gatesUsed,
  criticalPath,
  boundsHoldWaits,
  linkTimeouts,
  epochRecordApart,
  standbyNamesApart,
  targetsReachableByDns,
  responseTime,
  escalationRises,
  levelFires,
  peopleReachable,
  quorumReachable,
  placeholdersFilled,
  channelContacts,
  channelUsed,
  undoWithinBound,
  watchAsLongAsHold,
];

export interface PlanCheck {
  /** Null when the plan does not load. */
  readonly snapshot: PlanSnapshot | null;
  /** Errors first, then warnings that nobody accepted, then accepted ones. */
  readonly findings: readonly Finding[];
  /** No errors. Warnings, accepted or not, do not keep a plan from being used. */
  readonly usable: boolean;
}

/** Everything that is to say about the plan in a folder. Never throws for a bad plan. */
export async function lintPlan(folder: string): Promise<PlanCheck> {
  let loaded: LoadedPlan;
  try {
    loaded = await loadPlanWithSource(folder);
  } catch (error) {
    if (error instanceof PlanError) return { snapshot: null, findings: error.findings, usable: false };
    throw error;
  }
  const { source, snapshot } = loaded;
  const problems = [...findProblems(snapshot.plan), ...(await checkTemplates(snapshot.plan, folder))];
  const notes = headings(await readNotes(folder));
  const placed = problems.map((problem) => place(source, problem));
  const acceptances = checkAcceptances(placed, snapshot.plan, notes).map((problem) => place(source, problem));
  const findings = [...markAccepted(placed, snapshot.plan, notes), ...acceptances].sort((a, b) => rank(a) - rank(b));
  return { snapshot, findings, usable: findings.every((finding) => finding.level !== 'error') };
}

/** The laws alone, for a plan that has no files. */
export function findProblems(plan: Plan): readonly Problem[] {
  return rules.flatMap((rule) => rule(plan));
}

function rank(finding: Finding): number {
  if (finding.level === 'error') return 0;
  return finding.acceptedBy === undefined ? 1 : 2;
}

/** The nearest notes: those of the plan's own folder, else docs/plan-notes.md above it, else the ones that came with this package. */
async function readNotes(folder: string): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [
    join(resolve(folder), 'plan-notes.md'),
    ...[...above(resolve(folder)), ...above(here)].map((parent) => join(parent, 'docs', 'plan-notes.md')),
  ];
  for (const candidate of candidates) {
    try {
      return await readFile(candidate, 'utf8');
    } catch {
      continue; // not there: the next one
    }
  }
  return '';
}

function above(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
