/** The findings of an estate check as metrics, for the textfile collector of Prometheus's node exporter. Pure. */
import { labelText } from '../../../report/media/metrics.ts';
import type { EstateCheck } from '../../../workflows/wire/messages.ts';

/** Always there, so that an alert sees the way back to 0 as well. */
const results = ['ok', 'lacking', 'unreachable'] as const;

export function renderEstateMetrics(estate: string, check: EstateCheck): string {
  const places = [...check.sites.map(({ site, checks }) => ({ place: site, checks })), { place: 'everywhere', checks: check.shared }];
  const findings = places.flatMap(({ place, checks }) => {
    const kinds = [...new Set([...results, ...checks.map(({ result }) => result)])];
    return kinds.map((kind) => {
      const count = checks.filter(({ result }) => result === kind).length;
      return `dr_estate_findings{estate="${labelText(estate)}",site="${labelText(place)}",result="${labelText(kind)}"} ${count}`;
    });
  });
  return [
    '# HELP dr_estate_findings Findings of the last estate check, by site and result.',
    '# TYPE dr_estate_findings gauge',
    ...findings,
    '# HELP dr_estate_checked_timestamp_seconds When the estate was last looked at: an old one means that nobody looks.',
    '# TYPE dr_estate_checked_timestamp_seconds gauge',
    `dr_estate_checked_timestamp_seconds{estate="${labelText(estate)}"} ${Math.floor(Date.parse(check.at) / 1000)}`,
    '',
  ].join('\n');
}
