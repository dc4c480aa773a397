/** The laws of a good plan, across its files: what `dr plan check` says. Reads the plan's folder and the notes; changes nothing. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTextFile } from './files.ts';
import { PlanError, type Finding } from './findings.ts';
import { checkAcceptances, headings, markAccepted } from './lint/accepted.ts';
import { customersNameRouted, epochRecordApart, linkTimeouts, standbyNamesApart, targetsReachableByDns } from './lint/estate.ts';
import { gradualRises, remainderApart, sharesSeen } from './lint/gradual.ts';
import { examplesReplaced } from './lint/examples.ts';
import { dependenciesEnd } from './lint/functions.ts';
import { epochQuorum, epochWitnessesApart } from './lint/holders.ts';
import { healthChecksApart, hostKeysApart, publicAddressesApart, witnessesApart } from './lint/identities.ts';
import { channelContacts, channelUsed, placeholdersFilled } from './lint/communication.ts';
import { backupMeetsRecoveryPoint, functionVerified, lagWithinRpo, probeCompares, rtoWithinMtd, tierOneWithinOverall } from './lint/objectives.ts';
import { escalationRises, levelFires, peopleReachable, quorumReachable, responseTime } from './lint/people.ts';
import { boundsHoldWaits, criticalPath, gatesUsed, pointOfNoReturn, quorum, stepNeverSkipped, stepsInOrder } from './lint/procedures.ts';
import { infrastructureWhole } from './lint/stacks.ts';
import {
  coldStartRestores,
  coldStartRoutes,
  referencesReadable,
  restoreCacheWhole,
  restoreFromBackup,
  restoreOnHosts,
  restoreTreesApart,
  restoreWhole,
} from './lint/restore.ts';
import { restoreAtOnePlace, restoreAwsWhole, restoreHostGiven } from './lint/restore-aws.ts';
import type { Problem, Rule } from './lint/rule.ts';
import { addressesApart, failedSiteNotNeeded, onePrimary, procedureExists, siteTargeted, somebodyTakesOver, targetCanServe } from './lint/sites.ts';
import { checkTemplates } from './lint/templates.ts';
import { undoWithinBound, watchAsLongAsHold } from './lint/ways-back.ts';
import { findingsOf } from './holes.ts';
import { place, readPlan, type ReadPlan } from './load.ts';
import type { Plan, PlanSnapshot } from './schema.ts';

const rules: readonly Rule[] = [
  ...examplesReplaced,
  onePrimary,
  siteTargeted,
  somebodyTakesOver,
  procedureExists,
  targetCanServe,
  addressesApart,
  publicAddressesApart,
  hostKeysApart,
  healthChecksApart,
  witnessesApart,
  epochQuorum,
  epochWitnessesApart,
  failedSiteNotNeeded,
  dependenciesEnd,
  rtoWithinMtd,
  tierOneWithinOverall,
  functionVerified,
  probeCompares,
  lagWithinRpo,
  backupMeetsRecoveryPoint,
  restoreWhole,
  restoreFromBackup,
  coldStartRestores,
  coldStartRoutes,
  restoreCacheWhole,
  restoreOnHosts,
  restoreTreesApart,
  referencesReadable,
  infrastructureWhole,
  restoreHostGiven,
  restoreAtOnePlace,
  restoreAwsWhole,
  gradualRises,
  remainderApart,
  sharesSeen,
  stepsInOrder,
  stepNeverSkipped,
  pointOfNoReturn,
  quorum,
  gatesUsed,
  criticalPath,
  boundsHoldWaits,
  linkTimeouts,
  epochRecordApart,
  customersNameRouted,
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

/** Everything that is to say about the plan in a folder, all at once. Never throws for a bad plan. */
export async function lintPlan(folder: string): Promise<PlanCheck> {
  const read = await readPlan(folder);
  const { source, written, snapshot } = read;
  const looks = [...rules.map((rule) => () => rule(written)), () => checkTemplates(written, folder)];
  const problems = (await Promise.all(looks.map(findingsOf))).flat();
  const placed = problems.map((problem) => place(source, problem));
  const judged = await withAcceptances(placed, read);
  const findings = [...read.findings, ...judged.toSorted((a, b) => rank(a) - rank(b))];
  return { snapshot, findings, usable: snapshot !== null && findings.every((finding) => finding.level !== 'error') };
}

/** The plan in a folder, for whoever is to run it. Throws PlanError with the words of the check when the check finds an error. */
export async function loadUsablePlan(folder: string): Promise<PlanSnapshot> {
  const { snapshot, findings, usable } = await lintPlan(folder);
  const errors = findings.filter(({ level }) => level === 'error');
  if (snapshot === null || !usable) throw new PlanError(folder, errors);
  return snapshot;
}

/** Marks what people have accepted. The acceptances themselves are judged on a whole plan only: what is not known cannot be missed. */
async function withAcceptances(placed: readonly Finding[], { source, written, snapshot }: ReadPlan): Promise<readonly Finding[]> {
  const notes = headings(await readNotes(source.folder));
  const acceptedFindings = await findingsOf(() => written.acceptedFindings.map(({ rule, path, note }) => ({ rule, path, note })));
  const acceptances = snapshot === null ? [] : checkAcceptances(placed, snapshot.plan, notes).map((problem) => place(source, problem));
  return [...markAccepted(placed, { acceptedFindings: [...acceptedFindings] }, notes), ...acceptances];
}

/** The laws alone, for a plan that has no files. */
export function findProblems(plan: Plan): readonly Problem[] {
  return rules.flatMap((rule) => rule(plan));
}

function rank(finding: Finding): number {
  if (finding.level === 'error') return 0;
  return finding.acceptedBy === undefined ? 1 : 2;
}

/** Notes are prose for people; the longest that are known have 30 kB. */
const notesBytesMax = 1_000_000;

/** The nearest notes: those of the plan's own folder, else docs/plan-notes.md above it, else the ones that came with this package. */
async function readNotes(folder: string): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [
    join(resolve(folder), 'plan-notes.md'),
    ...[...above(resolve(folder)), ...above(here)].map((parent) => join(parent, 'docs', 'plan-notes.md')),
  ];
  for (const candidate of candidates) {
    const read = await readTextFile(candidate, notesBytesMax);
    if ('text' in read) return read.text; // else the next one
  }
  return '';
}

function above(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
