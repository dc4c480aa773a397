/** The workflow code of another release, as far as an open child is concerned: it begins with something else. */
import { condition, setHandler, sleep } from '@temporalio/workflow';
import { supersedeSignal } from '../../../workflows/messages.ts';

export async function fenceOnReturn(): Promise<string> {
  let over = false;
  setHandler(supersedeSignal, () => {
    over = true;
  });
  await sleep(1_000);
  await condition(() => over);
  return 'of another release';
}
