/** Goal: what runs in the workflow sandbox is small. Method: the bundle that the build makes. */
import { expect, it } from 'vitest';
import { makeWorkflowBundle } from '../../workers/bundle.ts';

it('the workflow bundle has the procedures, and nothing of plots, templates, formats or browsers', async () => {
  const bundle = await makeWorkflowBundle();
  expect(bundle).toContain('regionalFailover');
  const unwanted = ['echarts', 'zrender', 'mustache', 'playwright', 'report/page', 'report/markdown'].filter((name) => bundle.includes(name));
  expect(unwanted).toEqual([]);
});
