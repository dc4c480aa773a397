/** The reference page of errors and exit codes. */
import { errorCatalogue } from '../../activities/errors.ts';
import { exitCodeMeanings, exitCodes } from '../../client/cli/exit-codes.ts';
import { codeOfKind } from '../../client/cli/failures.ts';
import { drErrorKinds, type DrErrorKind } from '../../client/errors.ts';
import { table } from '../../report/markdown.ts';
import { code, page } from './page.ts';

export function errorPage(): string {
  const activities = Object.entries(errorCatalogue).map(([type, { meaning, retryable, actsNext, hint }]) => [
    code(type),
    meaning,
    retryable ? 'yes' : 'no',
    actsNext,
    hint,
  ]);
  const kinds = Object.entries(drErrorKinds).map(([kind, meaning]) => [code(kind), meaning, String(codeOfKind[kind as DrErrorKind])]);
  const codes = Object.entries(exitCodes).map(([name, value]) => [String(value), exitCodeMeanings[name as keyof typeof exitCodes]]);
  return page('Errors and exit codes', 'Every message says what happened, what was left as it was, and what to do next.', [
    `## Errors of a step\n\nThe type of the failure that a step's activity raises, as Temporal UI and the history show it. After one that is not retried the run asks people.\n\n${table(
      ['Type', 'What happened', 'Retried', 'Who acts', 'What to do, unless the message says more'],
      activities,
    )}`,
    `## Errors of the client\n\nThe \`kind\` of a \`DrError\`.\n\n${table(['Kind', 'What happened', 'Exit code of `dr`'], kinds)}`,
    `## Exit codes of \`dr\`\n\n${table(['Code', 'Meaning'], codes)}`,
  ]);
}
