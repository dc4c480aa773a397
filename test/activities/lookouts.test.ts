/**
 * Goal: silence is waited for once and not twice, and no sign of life is missed for it. Method: a site that comes and goes at random, seen through looks that take as long as it is
 * silent, on a clock of the test.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Lookout, Lookouts } from '../../activities/lookouts.ts';

const every = 1_000;
/** A probe gives a silent site up after this. */
const timeout = 2_000;
/** What a new look is waited for, where the last one stands. */
const moment = 400;

let lookouts: Lookouts;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'performance', 'Date'] });
  lookouts = new Lookouts();
});
afterEach(() => {
  lookouts.close();
  vi.useRealTimers();
});

/** When a site serves: each change is a moment in milliseconds at which it begins or ceases to. It answers after `latency` where it still serves then. */
class Site {
  looks = 0;
  private readonly servesAt: (at: number) => boolean;
  private readonly latency: number;

  constructor(servesAt: (at: number) => boolean, latency = 20) {
    this.servesAt = servesAt;
    this.latency = latency;
  }

  readonly lookout: Lookout<'alive' | 'silent'> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: (answer) => answer === 'silent',
    look: async () => {
      this.looks += 1;
      const serves = this.servesAt(performance.now());
      await new Promise((resolve) => setTimeout(resolve, serves ? this.latency : timeout));
      return serves ? 'alive' : 'silent';
    },
  };
}

/** An answer, and how long it took, milliseconds. */
async function asked(site: Site): Promise<{ readonly answer: 'alive' | 'silent'; readonly took: number }> {
  const begun = performance.now();
  const answer = lookouts.ask('site', site.lookout);
  let took = Infinity;
  void answer.then(() => (took = performance.now() - begun));
  await vi.advanceTimersByTimeAsync(timeout);
  return { answer: await answer, took };
}

describe('a site that is silent', () => {
  test('is waited for by whoever asks where nobody has looked', async () => {
    expect(await asked(new Site(() => false))).toEqual({ answer: 'silent', took: timeout });
  });

  test('is known to be silent where somebody has looked all the time', async () => {
    const site = new Site(() => false);
    lookouts.keep('site', site.lookout, 60_000);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(await asked(site)).toEqual({ answer: 'silent', took: moment });
  });

  test('is waited for while the first look is under way', async () => {
    const site = new Site(() => false);
    lookouts.keep('site', site.lookout, 60_000);
    await vi.advanceTimersByTimeAsync(500);
    expect(await asked(site)).toEqual({ answer: 'silent', took: timeout });
  });

  test('is looked at no longer than was asked for, and then waited for', async () => {
    const site = new Site(() => false);
    lookouts.keep('site', site.lookout, 5_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(site.looks).toBe(6);
    expect(await asked(site)).toEqual({ answer: 'silent', took: timeout });
  });

  test('is looked at no more when that is over, and the question that was under way has its answer', async () => {
    const site = new Site(() => false);
    lookouts.keep('site', site.lookout, 60_000);
    await vi.advanceTimersByTimeAsync(10_500);
    const answer = lookouts.ask('site', site.lookout);
    lookouts.end('site');
    const { looks } = site;
    await vi.advanceTimersByTimeAsync(moment);
    expect(await answer).toBe('silent');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(site.looks).toBe(looks);
  });

  test('has no more than three looks at once, however long they take', async () => {
    const site = new Site(() => false);
    lookouts.keep('site', { ...site.lookout, look: () => ((site.looks += 1), new Promise(() => {})) }, 60_000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(site.looks).toBe(3);
  });
});

test('a site that answers is heard, whatever was seen before, wherever it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 0, max: moment - 1 }),
      fc.integer({ min: 0, max: 20_000 }),
      async (back, latency, at) => {
        const start = performance.now();
        const site = new Site((now) => now - start >= back, latency);
        lookouts.keep('site', site.lookout, 60_000);
        await vi.advanceTimersByTimeAsync(at);
        const { answer } = await asked(site);
        // It serves when the question is asked, and answers within the moment: nothing older is believed.
        if (at >= back) expect(answer).toBe('alive');
        lookouts.close();
      },
    ),
    { numRuns: 200 },
  );
});

test('silence is told only where a look that ended within the last interval met it', async () => {
  const changes = fc.array(fc.integer({ min: 100, max: 6_000 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(changes, fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 20_000 }), async (lasting, latency, at) => {
      const start = performance.now();
      const serves = (now: number) => {
        let [left, state] = [now - start, false];
        for (const each of lasting) {
          if (left < each) return state;
          [left, state] = [left - each, !state];
        }
        return state;
      };
      const site = new Site(serves, latency);
      lookouts.keep('site', site.lookout, 60_000);
      await vi.advanceTimersByTimeAsync(at);
      const { answer } = await asked(site);
      if (answer === 'silent') {
        // The look that began with the question met silence, or one that the lookout began, at its rhythm, not longer ago than a look and an interval.
        const rhythm = Array.from({ length: 40 }, (_, number) => number * every).filter((begun) => begun <= at && begun >= at - timeout - every);
        expect([at, ...rhythm].some((begun) => !serves(start + begun))).toBe(true);
      }
      lookouts.close();
    }),
    { numRuns: 200 },
  );
});

test('a site that is back in parts is waited for: one check shows life, and another is silent still', async () => {
  let back = false;
  const lookout: Lookout<'in parts' | 'silent'> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: (answer) => answer === 'silent',
    look: async (life) => {
      const asked = back;
      if (asked) setTimeout(life, 20);
      await new Promise((resolve) => setTimeout(resolve, timeout));
      return asked ? 'in parts' : 'silent';
    },
  };
  lookouts.keep('site', lookout, 60_000);
  await vi.advanceTimersByTimeAsync(10_500);
  back = true;
  const answer = lookouts.ask('site', lookout);
  await vi.advanceTimersByTimeAsync(timeout);
  expect(await answer).toBe('in parts');
});

test('silence that was met before the machine slept is none of now', async () => {
  const site = new Site(() => false);
  lookouts.keep('site', site.lookout, 600_000);
  await vi.advanceTimersByTimeAsync(10_500);
  // The steady clock stands still meanwhile.
  vi.setSystemTime(Date.now() + 60_000);
  expect(await asked(site)).toEqual({ answer: 'silent', took: timeout });
});

test('a look that was held up says nothing, however late it ends', async () => {
  const ends: ((answer: string) => void)[] = [];
  const lookout: Lookout<string> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: () => true,
    look: () => new Promise((resolve) => ends.push(resolve)),
  };
  lookouts.keep('site', lookout, 600_000);
  await vi.advanceTimersByTimeAsync(20_000);
  for (const end of ends) end('of long ago');
  const answer = lookouts.ask('site', lookout);
  await vi.advanceTimersByTimeAsync(moment);
  ends.at(-1)?.('new');
  expect(await answer).toBe('new');
});

test('of two looks that overlap the one that began later is believed, whichever ends first', async () => {
  const ends: ((answer: 'alive' | 'silent') => void)[] = [];
  const lookout: Lookout<'alive' | 'silent'> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: () => true,
    look: () => new Promise((resolve) => ends.push(resolve)),
  };
  lookouts.keep('site', lookout, 60_000);
  await vi.advanceTimersByTimeAsync(every);
  expect(ends).toHaveLength(2);
  ends[1]?.('alive');
  await vi.advanceTimersByTimeAsync(100);
  ends[0]?.('silent');
  const answer = lookouts.ask('site', lookout);
  await vi.advanceTimersByTimeAsync(moment);
  expect(await answer).toBe('alive');
});

test('a sign of life of a while ago is no answer for a site that is silent now', async () => {
  const start = performance.now();
  const site = new Site((now) => now - start < 9_500);
  lookouts.keep('site', site.lookout, 60_000);
  await vi.advanceTimersByTimeAsync(9_600);
  expect(await asked(site)).toEqual({ answer: 'silent', took: timeout });
});

test('an answer that is older than an interval is no answer, as where looks no longer end', async () => {
  let looks = 0;
  const lookout: Lookout<string> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: () => true,
    look: () => ((looks += 1) === 1 ? Promise.resolve('of long ago') : new Promise((resolve) => setTimeout(resolve, 30_000, 'new'))),
  };
  lookouts.keep('site', lookout, 60_000);
  await vi.advanceTimersByTimeAsync(every + 1_200);
  const answer = lookouts.ask('site', lookout);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await answer).toBe('new');
});

test('what one question asks is nobody else´s answer', async () => {
  const [here, there] = [new Site(() => false), new Site(() => true)];
  lookouts.keep('here', here.lookout, 60_000);
  await vi.advanceTimersByTimeAsync(10_000);
  const answer = lookouts.ask('there', there.lookout);
  await vi.advanceTimersByTimeAsync(moment);
  expect(await answer).toBe('alive');
});

test('a look that fails is no answer: whoever asks hears why', async () => {
  const lookout: Lookout<string> = {
    everyMilliseconds: every,
    withinMilliseconds: timeout,
    stands: () => true,
    look: () => Promise.reject(new Error('the secret is missing')),
  };
  lookouts.keep('site', lookout, 60_000);
  await vi.advanceTimersByTimeAsync(5_000);
  await expect(lookouts.ask('site', lookout)).rejects.toThrow('the secret is missing');
});
