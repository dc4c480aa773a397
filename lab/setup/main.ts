/** `npm run setup`: what `npm run demo` and `npm test` (with --tests) begin with. */
import { ensureSetup } from './setup.ts';

const say = (line: string): void => void process.stdout.write(`set-up: ${line}\n`);
const startedAt = performance.now();
try {
  await ensureSetup({ tests: process.argv.includes('--tests'), progress: say });
  say(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  process.stderr.write(`set-up: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
