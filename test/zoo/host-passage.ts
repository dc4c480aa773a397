/** What a run needs of a host, tried in its order: the estate check, the look before each verb, many questions at once, each kind of change, and the way back, after which all is as it was. */
import { ApplicationFailure } from '@temporalio/common';
import { checkAgent } from '../../activities/access/agent.ts';
import { HostPlace, hostSite } from './host-place.ts';
import type { Came, Shape } from './shape.ts';

const run = { runId: 'recovery/zoo', execution: 'recovery/zoo@1', planDigest: 'zoo', epoch: 1 };
const there = [['epoch-claim'], ['service-start'], ['capacity-set', '100'], ['switch-throw', 'lyon', hostSite]] as const;
const back = [['service-stop'], ['capacity-set', '35'], ['switch-reset', 'lyon']] as const;
/** The same, as the agent's look before each verb takes it. */
const looks = ['service-start', 'service-stop', 'capacity-set=100', 'switch-throw'];
/** More than any host opens sessions at a time for one connection. */
const questionsAtOnce = 12;

/** Makes a host of the shape and tells what came of it. */
export async function passHost(shape: Shape<HostPlace>, network: number): Promise<Came> {
  const place = new HostPlace(network);
  try {
    await shape.setUp(place);
    await place.start();
    const [before, stored] = [place.changeable(), place.stored()];
    const untouched = () => place.changeable() === before && place.stored() === stored;
    const checks = await checkAgent(place.plan, hostSite, place.pool.agent(run, hostSite), place.privateKey());
    const lacking = checks.filter(({ result }) => result !== 'ok');
    if (lacking.length > 0) return untouched() ? refusedBy(lacking.map(({ detail }) => detail)) : between('the check changed something');
    const looked = await place.pool.agent(run, hostSite).ask('check', ...looks);
    if (!looked.reachable) return between(`the verbs could not be asked: ${looked.reason}`);
    const refusals = [...looked.fields.all('refused'), ...looked.fields.all('error')];
    if (refusals.length > 0) return untouched() ? refusedBy(refusals) : between('the look changed something');
    return await change(place, before);
  } finally {
    await place.stop();
  }
}

async function change(place: HostPlace, before: string): Promise<Came> {
  const agent = place.pool.agent(run, hostSite);
  const answers = await Promise.all(Array.from({ length: questionsAtOnce }, () => agent.ask('identify')));
  const strange = answers.filter((answer) => !answer.reachable || answer.fields.get('site') !== hostSite);
  if (strange.length > 0) return between(`${strange.length} of ${questionsAtOnce} questions had no good answer: ${JSON.stringify(strange[0])}`);
  for (const [verb, ...words] of [...there, ...back]) {
    try {
      const fields = await agent.change(verb, ...words);
      if (!fields.flag('changed')) return between(`${verb} found its work done`);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      return between(`${verb}: ${error.message}`);
    }
  }
  return place.changeable() === before ? { comes: 'works', said: [] } : between(`not as before: ${before} ≠ ${place.changeable()}`);
}

function refusedBy(said: readonly string[]): Came {
  return { comes: 'refused', said };
}

function between(what: string): Came {
  return { comes: 'in between', said: [what] };
}
