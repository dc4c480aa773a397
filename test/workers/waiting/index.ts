/** A workflow that waits as a watch does: it ends or continues as new when it is told to. */
import { condition, continueAsNew, defineSignal, setHandler } from '@temporalio/workflow';

export async function waiting(): Promise<string> {
  let said = '';
  for (const name of ['end', 'continue']) setHandler(defineSignal(name), () => void (said = name));
  await condition(() => said !== '');
  if (said === 'continue') await continueAsNew<typeof waiting>();
  return said;
}
