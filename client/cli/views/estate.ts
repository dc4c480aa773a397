/** What the workers reach of the estate, site by site. Pure. */
import type { AccessCheck } from '../../../activities/access/port.ts';
import type { EstateCheck } from '../../../workflows/wire/messages.ts';
import { forTerminal, terminalText } from '../../../report/media/terminal.ts';
import { section, table } from './text.ts';

/** Everything that is not ok, anywhere. */
export function lacks(check: EstateCheck): readonly AccessCheck[] {
  return [...check.sites.flatMap((site) => site.checks), ...check.shared].filter(({ result }) => result !== 'ok');
}

export function renderEstate(check: EstateCheck): string {
  const groups = [...check.sites.map(({ site, checks }) => ({ name: site, checks })), { name: 'everywhere', checks: check.shared }];
  const missing = lacks(check);
  const verdict =
    missing.length === 0
      ? 'The workers reach everything that the plan needs.'
      : `${missing.length} things are lacking or unreachable; the steps named there would fail.`;
  return `${groups.map(({ name, checks }) => renderGroup(name, checks)).join('\n')}\n${verdict}\n`;
}

function renderGroup(name: string, found: readonly AccessCheck[]): string {
  const checks = forTerminal(found);
  const rows = checks.map((check) => [check.result, check.what, check.as, check.detail, check.result === 'ok' ? '' : check.steps.join(', ')]);
  // What is to be added has lines of its own, which are copied as they stand.
  const additions = found.flatMap(({ add }) =>
    add ? [`${terminalText(add.where)}:`, ...add.line.split('\n').map((line) => `    ${terminalText(line)}`)] : [],
  );
  return `${terminalText(name)}\n${table(['', 'what', 'as', 'found', 'steps that need it'], rows)}\n${section('  Add', additions)}`;
}
