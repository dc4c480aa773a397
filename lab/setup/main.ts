/** `npm run setup`: what `npm run demo`, `npm test` (with --tests), the tests under Node 24 (with --node24 besides) and the zoo (with --zoo besides) begin with. */
import { ensureSetup } from './setup.ts';

const say = (line: string): void => void process.stdout.write(`set-up: ${line}\n`);
const startedAt = performance.now();
try {
  const wants = (flag: string) => process.argv.includes(flag);
  await ensureSetup({ tests: wants('--tests'), node24: wants('--node24'), zoo: wants('--zoo'), progress: say });
  say(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  process.stderr.write(`set-up: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
