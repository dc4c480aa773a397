/** Pictures by ECharts without a browser: one SVG as text, its colours left to the page's style sheet, the same for the same data. */
import { CustomChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import type { EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, GridComponent, SVGRenderer]);

/** Width of every picture in its own units; the page scales it to the paper or the screen. */
export const pictureWidth = 1000;

/** Text as it stands in all pictures. */
export const textStyle = { fontFamily: 'inherit', fontSize: 12, fill: 'var(--text)' } as const;

/** Draws the option. Throws what ECharts throws. */
export function draw(option: EChartsCoreOption, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: pictureWidth, height });
  try {
    chart.setOption({ animation: false, backgroundColor: 'transparent', ...option });
    return quiet(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** Takes out what serves a script on the page: numbered classes that differ from picture to picture, hover rules, addresses of name spaces, a fixed size. */
function quiet(svg: string): string {
  return svg
    .replace(/<style ?>.*?<\/style>/gs, '')
    .replace(/ (class|ecmeta_\w+|xmlns(:\w+)?|version|baseProfile|pointer-events)="[^"]*"/g, '')
    .replace(/^<svg width="\d+" height="\d+"/, '<svg focusable="false" aria-hidden="true"')
    .replace(/\n+/g, '\n')
    .trim();
}
