/** Goal: some release is always current and worked for, and nobody is pushed aside who is only out of sight. Method: a client whose answers the test gives, and time that the test makes. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ReleaseWatch, watchRelease } from '../../workers/release-watch.ts';
import { releaseOf } from '../../workers/release.ts';

const deploymentName = 'dr/shop';
const [own, other] = ['1.1.0-bbbbbbbb', '1.0.0-aaaaaaaa'];

/** What the server knows. */
let current: string | null;
let polls: Map<string, number>;
let made: { readonly buildId: string; readonly conflictToken: unknown }[];
let refusal: Error | null;
let token: string;
let working: boolean;
let silent: boolean;
let said: string[];
let watch: ReleaseWatch;

const client = {
  options: { namespace: 'default', identity: 'worker' },
  workflowService: {
    describeTaskQueue: async () => {
      if (silent) throw new Error('no connection');
      return {
        pollers: [...polls].map(([buildId, at]) => ({ deploymentOptions: { deploymentName, buildId }, lastAccessTime: { seconds: Math.floor(at / 1000) } })),
        versioningInfo: current === null ? null : { currentDeploymentVersion: { buildId: current } },
      };
    },
    describeWorkerDeployment: async () => ({
      workerDeploymentInfo: { routingConfig: { currentDeploymentVersion: current === null ? null : { buildId: current } } },
      conflictToken: token,
    }),
    setWorkerDeploymentCurrentVersion: async (request: { readonly buildId: string; readonly conflictToken: unknown }) => {
      if (refusal) throw refusal;
      made.push({ buildId: request.buildId, conflictToken: request.conflictToken });
      current = request.buildId;
    },
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  [current, polls, made, refusal, silent, said, token, working] = [null, new Map(), [], null, false, [], 'as read', true];
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function look(): void {
  const log = pino({ level: 'info' }, { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) });
  watch = watchRelease({ client: client as never, estate: 'shop', release: own, log, isWorking: () => working });
}

/** So many seconds pass; the releases named poll all the while. */
async function pass(seconds: number, ...polling: string[]): Promise<void> {
  for (let at = 0; at < seconds; at += 1) {
    for (const release of polling) polls.set(release, Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

it('the first worker makes its release current once the server has heard of it, and says so once', async () => {
  look();
  await pass(5);
  expect(made).toEqual([]);
  await pass(60, own);
  expect(made).toEqual([{ buildId: own, conflictToken: 'as read' }]);
  expect(watch).toMatchObject({ release: own, currentRelease: own });
  expect(said).toEqual([`Release ${own} was made current for shop: none was.`, `Release ${own} is current: new runs of shop begin under it.`]);
});

it('another release that has workers stays current, and it is said once how to change that', async () => {
  current = other;
  look();
  await pass(300, own, other);
  expect(made).toEqual([]);
  expect(watch.currentRelease).toBe(other);
  expect(said).toEqual([
    `Release ${other} is current: while it has workers, this one, of release ${own}, takes no new runs of shop. Make it current: dr release use ${own}`,
  ]);
});

it('one whose workers are gone is followed within two minutes, whatever the clock of this machine says', async () => {
  current = other;
  polls.set(other, Date.now() + 86_400_000);
  look();
  await pass(75, own);
  expect(made).toEqual([]);
  await pass(45, own);
  expect(made.map(({ buildId }) => buildId)).toEqual([own]);
  expect(said).toContain(`Release ${own} was made current for shop: nobody works under ${other} any more.`);
});

it('one that gives a sign once in a minute is there', async () => {
  current = other;
  look();
  for (let minute = 0; minute < 5; minute += 1) {
    await pass(1, own, other);
    await pass(59, own);
  }
  expect(made).toEqual([]);
});

it('a server that was away, or has restarted and forgotten who polled, pushes nobody aside', async () => {
  current = other;
  look();
  await pass(1, own, other);
  silent = true;
  await pass(200, own);
  [silent, polls] = [false, new Map()];
  await pass(60, own);
  await pass(120, own, other);
  expect(made).toEqual([]);
  expect(watch.currentRelease).toBe(other);
});

it('of two workers that start at once the second looks again, and says nothing of it', async () => {
  refusal = Object.assign(new Error('conflict token mismatch'), { code: 9 });
  const set = client.workflowService.setWorkerDeploymentCurrentVersion;
  client.workflowService.setWorkerDeploymentCurrentVersion = async (request) => {
    [current, token] = [other, 'of the other'];
    return set(request);
  };
  look();
  await pass(30, own, other);
  client.workflowService.setWorkerDeploymentCurrentVersion = set;
  expect(watch.currentRelease).toBe(other);
  expect(said.join()).not.toContain('could not');
});

it('a server that refuses for another reason is not taken for one where somebody was quicker: it is told, once', async () => {
  refusal = Object.assign(new Error('FAILED_PRECONDITION: somebody else manages this deployment'), { code: 9 });
  look();
  await pass(30, own);
  expect(made).toEqual([]);
  expect(said).toEqual(['The current release of shop could not be looked at or changed; it stays as it is, and is looked at again.']);
  refusal = null;
  await pass(30, own);
  expect(watch.currentRelease).toBe(own);
});

it('a server whose clock is set back shows living workers as living', async () => {
  current = other;
  look();
  await pass(60, own, other);
  for (let at = 0; at < 300; at += 1) {
    polls.set(other, Date.now() - 600_000);
    await pass(1, own);
  }
  expect(made).toEqual([]);
});

it('a worker that is stopping makes nothing current', async () => {
  working = false;
  look();
  await pass(60, own);
  expect(made).toEqual([]);
});

it('a release is named by the code and not by the folder in which it was bundled', () => {
  const code = 'decide();\n';
  const map = (folder: string) => `\n//# sourceMappingURL=data:application/json;base64,${folder}`;
  expect(releaseOf(code + map('here'))).toBe(releaseOf(code + map('there')));
  expect(releaseOf(code + map('here'))).not.toBe(releaseOf(`decideOtherwise();\n${map('here')}`));
  expect(releaseOf(code)).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/);
});
