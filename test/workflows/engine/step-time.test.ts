/** Goal: people may hold a step for as long as they need, and it gains no more than that. Method: a clock of the test. */
import { expect, it } from 'vitest';
import { StepTime } from '../../../workflows/engine/step-time.ts';

it('what several changes are held for at once counts once, for the first that goes on as for the last', async () => {
  let now = 0;
  const time = new StepTime(60, () => now);
  const release: (() => void)[] = [];
  const held = () => time.hold(() => new Promise<void>((resolve) => release.push(resolve)));
  now = 10_000;
  const first = held();
  now = 20_000;
  const second = held();
  now = 110_000;
  release[0]?.();
  await first;
  expect(time.secondsLeft()).toBe(50);
  now = 130_000;
  release[1]?.();
  await second;
  expect(time.secondsLeft()).toBe(50);
  now = 140_000;
  expect(time.secondsLeft()).toBe(40);
});

it('one that is cancelled while it is held counts as well', async () => {
  let now = 0;
  const time = new StepTime(60, () => now);
  const held = time.hold(async () => {
    now = 30_000;
    throw new Error('cancelled');
  });
  await expect(held).rejects.toThrow('cancelled');
  expect(time.secondsLeft()).toBe(60);
});
