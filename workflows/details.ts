/** What a commander sees in Temporal UI without opening an event: Markdown, what matters first. Pure. */
import type { OpenGate, RunStatus } from './messages.ts';
import { count } from './tally.ts';

/** Temporal UI clips long details, so the question and the clock stand above everything else. */
export function detailsOf(status: RunStatus): string {
  const parts = [
    headline(status),
    ...(status.gate ? [gateDetails(status.gate)] : []),
    ...(status.refusedVotes.length > 0 ? [`**Refused votes**\n\n${bullets(status.refusedVotes.slice(-5))}`] : []),
    ...(status.changes.length > 0 ? [`**${status.mode === 'dry-run' ? 'Would change' : 'Changed so far'}**\n\n${bullets(status.changes)}`] : []),
    stepTable(status),
  ];
  return parts.join('\n\n').slice(0, 18_000);
}

function headline(status: RunStatus): string {
  const mode = status.mode === 'live' ? '' : ` · **${status.mode}: nothing is changed**`;
  const stopped = status.stopped ? `\n\n**STOPPED by ${status.stopped.who}**: ${status.stopped.reason}. Continue with the signal \`resume\`.` : '';
  const outcome = status.outcome ? `**${status.outcome}**` : `phase **${status.phase}**`;
  return `### ${status.from} → ${status.to}: ${outcome}${mode}\n\nClock: **${status.forecast}**${status.failedSince ? ` · failed since ${status.failedSince}` : ''}${stopped}`;
}

function gateDetails(gate: OpenGate): string {
  const totals = [...count(gate.votes)].map(([choice, total]) => `${choice} ${total}`).join(', ') || 'none yet';
  return [
    `## ${gate.question}`,
    `Votes: **${totals}** of ${gate.quorum} needed · until **${gate.deadlineAt}**, then it expires and means no · identity: asserted`,
    `Send the signal \`vote\` (or the update \`vote\`, which answers) with:`,
    `\`\`\`json\n${JSON.stringify(gate.exampleVote, null, 1)}\n\`\`\``,
    bullets(gate.choices),
    `**Evidence** (${gate.evidenceAt})\n\n${bullets(gate.evidence)}`,
    `May vote: ${gate.electorate.join(', ')}`,
  ].join('\n\n');
}

function stepTable(status: RunStatus): string {
  const done = status.steps.map(
    (step) =>
      `| ${step.result} | ${step.name} | ${step.durationSeconds === undefined ? '' : `${step.durationSeconds.toFixed(1)} s`} | ${cell(step.evidence)} |`,
  );
  const pending = status.pendingSteps.map((step) => `| – | ${step} | | |`);
  return ['| | step | time | evidence |', '|---|---|---|---|', ...done, ...pending].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '/').replaceAll('\n', ' ').slice(0, 200);
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
