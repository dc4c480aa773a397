/** Sees to it that some release of the estate is current and has workers: without one nothing begins, and a command that was forgotten at a release would be a failover that does not start. */
import type { Client } from '@temporalio/client';
import { type Queue, readQueue, seenWithin } from '../client/pollers.ts';
import { makeCurrent, readDeployment } from '../client/releases.ts';
import type { PinoLogger } from './logger.ts';

const everyMilliseconds = 15_000;
/** Until one is current: a worker that has just started is looked for every half second. */
const firstMilliseconds = 500;
/** Without a sign for so long, by this process's steady clock, the current release has no worker: what is told of a worker by its age depends on two clocks that may differ. One look longer than others wait, since a server that restarts forgets who polled, and hears of them again within seconds. */
const goneMilliseconds = seenWithin + everyMilliseconds;

export interface ReleaseWatch {
  /** The worker's own. */
  readonly release: string;
  /** As of the last look, at most a quarter of a minute ago; null before the first one, and while there is none. */
  readonly currentRelease: string | null;
  close(): void;
}

export interface Watched {
  readonly client: Client;
  readonly estate: string;
  readonly release: string;
  readonly log: PinoLogger;
  /** Whether this worker takes work: one that is stopping makes nothing current. */
  isWorking(): boolean;
}

interface Sign {
  readonly release: string;
  readonly seen: ReadonlyMap<string, number>;
  /** By this process's steady clock. */
  readonly since: number;
}

/** Any other time at which one of them was seen is a sign, also an earlier one: the server's clock may have been set. */
function nextSign(last: Sign, { workers }: Queue, release: string): Sign {
  const seen = new Map(workers.filter((worker) => worker.release === release).map(({ identity, at }) => [identity, at]));
  const moved = release !== last.release || [...seen].some(([identity, at]) => last.seen.get(identity) !== at);
  return { release, seen, since: moved ? performance.now() : last.since };
}

/** Looks until closed, and makes the worker's own release current where none is, or where nobody works under the one that is. Never rejects: a look that fails is made again. */
export function watchRelease({ client, estate, release, log, isWorking }: Watched): ReleaseWatch {
  let current: string | null = null;
  /** When the workers of the current release were last seen, as the server tells it, and since when that has not changed. */
  let sign: Sign = { release: '', seen: new Map(), since: 0 };
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let said = '';
  const sayOnce = (text: string): void => {
    if (text !== said) log.info({ estate, release }, text);
    said = text;
  };
  const look = async (): Promise<void> => {
    const queue = await readQueue(client, estate);
    current = queue.current;
    if (current === release) return sayOnce(`Release ${release} is current: new runs of ${estate} begin under it.`);
    if (!isWorking() || !queue.workers.some((worker) => worker.release === release)) return; // The server has not heard of this worker yet.
    if (current !== null) {
      sign = nextSign(sign, queue, current);
      sayOnce(
        `Release ${current} is current: while it has workers, this one, of release ${release}, takes no new runs of ${estate}. Make it current: dr release use ${release}`,
      );
      if (performance.now() - sign.since < goneMilliseconds) return;
    }
    const deployment = await readDeployment(client, estate);
    if (deployment.current !== current) return; // Somebody was quicker.
    if (!(await makeCurrent(client, estate, release, deployment))) return;
    const why = current === null ? 'none was' : `nobody works under ${current} any more`;
    log.warn({ estate, release, before: current }, `Release ${release} was made current for ${estate}: ${why}.`);
    current = release;
  };
  const again = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      // Nobody can be seen meanwhile.
      sign = { ...sign, since: performance.now() };
      const what = `The current release of ${estate} could not be looked at or changed; it stays as it is, and is looked at again.`;
      if (what !== said) log.warn({ estate, release, error: String(error) }, what);
      said = what;
    }
    if (!closed) timer = setTimeout(() => void again(), current === null ? firstMilliseconds : everyMilliseconds);
  };
  void again();
  return {
    release,
    get currentRelease() {
      return current;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
