/** Accepted findings: what people have looked at, with a heading of the notes that says why it may stay. */
import type { Finding } from '../findings.ts';
import type { Plan } from '../schema.ts';
import type { Problem } from './rule.ts';

/** Headings of a Markdown text, without their marks. */
export function headings(markdown: string): readonly string[] {
  return markdown.split('\n').flatMap((line) => /^#{1,6}\s+(.+?)\s*$/.exec(line)?.[1] ?? []);
}

/** Marks the warnings that the plan accepts. An error is never accepted. */
export function markAccepted(findings: readonly Finding[], plan: Pick<Plan, 'acceptedFindings'>, notes: readonly string[]): readonly Finding[] {
  return findings.map((finding) => {
    const entry = plan.acceptedFindings.find((accepted) => accepted.rule === finding.rule && accepted.path === finding.path);
    return entry !== undefined && finding.level === 'warning' && notes.includes(entry.note) ? { ...finding, acceptedBy: entry.note } : finding;
  });
}

/** Acceptances that accept nothing, or that name a heading which the notes do not have. */
export function checkAcceptances(findings: readonly Finding[], plan: Plan, notes: readonly string[]): readonly Problem[] {
  return plan.acceptedFindings.flatMap((entry, index): readonly Problem[] => {
    const problem = (message: string, level: Problem['level'] = 'error'): Problem => ({
      rule: 'accepted-findings',
      level,
      path: ['acceptedFindings', index],
      message,
    });
    const met = findings.find((finding) => finding.rule === entry.rule && finding.path === entry.path);
    if (!met) return [problem(`There is no finding "${entry.rule}" at ${entry.path} any more. Remove the entry.`, 'warning')];
    if (met.level === 'error') return [problem(`"${entry.rule}" at ${entry.path} is an error, which cannot be accepted. Mend it, and remove the entry.`)];
    if (!notes.includes(entry.note))
      return [problem(`The notes have no heading "${entry.note}". Write in docs/plan-notes.md why the finding may stay, under that heading.`)];
    return [];
  });
}
