/** What is wrong with a plan, where, and what to do. */

export interface Finding {
  /** File name inside the plan's folder. */
  readonly file: string;
  /** Line in that file, from 1. */
  readonly line: number;
  /** Where in the plan, with ids for list items, such as `sites.north.capacity`. */
  readonly path: string;
  readonly level: 'error' | 'warning';
  /** Name of the rule, such as `critical-path`. */
  readonly rule: string;
  /** One or two sentences: what is wrong, and what to do. */
  readonly message: string;
  /** Heading in docs/plan-notes.md under which people have accepted the finding. */
  readonly acceptedBy?: string;
}

/** One line for people: `estate.yaml:12: error: estate.sites.dr: …`. */
export function formatFinding(finding: Finding): string {
  const accepted = finding.acceptedBy === undefined ? '' : ` (accepted: "${finding.acceptedBy}")`;
  const where = finding.path === '' ? '' : `${finding.path}: `;
  return `${finding.file}:${finding.line}: ${finding.level} [${finding.rule}] ${where}${finding.message}${accepted}`;
}

/** The plan cannot be used. Nothing was started; `findings` say what to fix. */
export class PlanError extends Error {
  readonly findings: readonly Finding[];

  constructor(folder: string, findings: readonly Finding[]) {
    super(`The plan in ${folder} cannot be used; nothing was started.\n${findings.map(formatFinding).join('\n')}`);
    this.name = 'PlanError';
    this.findings = findings;
  }
}
