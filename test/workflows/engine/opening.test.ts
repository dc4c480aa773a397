/** Goal: a lock is lent by those who may, and by nobody while there is none. `test/toy/` tries it with a lender. */
import { expect, it } from 'vitest';
import { isLent } from '../../../workflows/engine/opening.ts';
import { makeLentWorkflowId } from '../../../workflows/wire/lending.ts';
import { makeRunWorkflowId } from '../../../workflows/wire/ids.ts';

it('while no workflow type lends the lock, a parent under its id lends nothing', () => {
  const parent = { workflowId: makeRunWorkflowId('shop'), runId: '1', namespace: 'default' };
  expect(isLent({ parent, workflowId: makeLentWorkflowId('shop', 'regionalFailover') }, 'shop', 'regionalFailover')).toBe(false);
});
