/** Sees to it that some release of the estate is current and has workers: without one nothing begins, and a command that was forgotten at a release would be a failover that does not start. */
import type { Client } from '@temporalio/client';
import { readQueue, seenWithin } from '../client/pollers.ts';
import { isOvertaken, makeCurrent, readDeployment } from '../client/releases.ts';
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
}

/** Looks until closed, and makes the worker's own release current where none is, or where nobody works under the one that is. Never rejects: a look that fails is made again. */
export function watchRelease({ client, estate, release, log }: Watched): ReleaseWatch {
  let current: string | null = null;
  /** The last sign of a worker of the current release, by the server's clock, and since when there was no newer one. */
  let sign = { release: '', at: 0, since: 0 };
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
    if (!queue.workers.some((worker) => worker.release === release)) return; // The server has not heard of this worker yet.
    if (current !== null) {
      const at = Math.max(0, ...queue.workers.filter((worker) => worker.release === current).map((worker) => worker.at));
      if (sign.release !== current || at > sign.at) sign = { release: current, at, since: performance.now() };
      sayOnce(
        `Release ${current} is current: while it has workers, this one, of release ${release}, takes no new runs of ${estate}. Make it current: dr release use ${release}`,
      );
      if (performance.now() - sign.since < goneMilliseconds) return;
    }
    const deployment = await readDeployment(client, estate);
    if (deployment.current !== current) return; // Somebody was quicker.
    await makeCurrent(client, estate, release, deployment);
    const why = current === null ? 'none was' : `nobody works under ${current} any more`;
    log.warn({ estate, release, before: current }, `Release ${release} was made current for ${estate}: ${why}.`);
    current = release;
  };
  const again = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      // Two workers that start at once both want it; the one that comes second looks again.
      if (!isOvertaken(error)) {
        // Nobody can be seen meanwhile.
        sign = { ...sign, since: performance.now() };
        log.warn({ estate, release, error: String(error) }, 'Which release is current was not seen; it is looked at again.');
      }
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
