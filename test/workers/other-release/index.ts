/** The workflow code of another release, as far as an open child is concerned: it begins with something else. */
import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';

export async function fenceOnReturn(): Promise<string> {
  let over = false;
  setHandler(defineSignal('decide'), () => {
    over = true;
  });
  await sleep(1_000);
  await condition(() => over);
  return 'of another release';
}
