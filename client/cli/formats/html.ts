/** `dr report --html FILE`: one page that needs nothing else. */
import type { Report } from '../../../report/report.ts';

export async function renderHtml(report: Report): Promise<string> {
  // Loaded only here: the plotting library would slow down every other command.
  const { renderPage } = await import('../../../report/page/page.ts');
  return renderPage(report);
}
