/** A report as Markdown. Pure. */
import type { Report } from './report.ts';

/** The report for people: how it ended, what is left to do, what happened. */
export function renderMarkdown(report: Report): string {
  const list = (heading: string, lines: readonly string[]) => (lines.length === 0 ? '' : `\n## ${heading}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`);
  return [
    `# ${report.runId}: ${report.outcome}\n\n${report.summary}\n`,
    list('Exceptions', report.exceptions),
    list('Left over', report.leftovers),
    list('Changes', report.changes),
    list(
      'Timeline',
      report.timeline.map((entry) => `${entry.at} ${entry.text}`),
    ),
  ].join('');
}
