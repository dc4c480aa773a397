/** `npm run setup`: what `npm run demo` and `npm test` (with --tests) begin with. */
import { ensureSetup } from './setup.ts';

const startedAt = performance.now();
try {
  await ensureSetup({ tests: process.argv.includes('--tests'), progress: (line) => console.log(`set-up: ${line}`) });
  console.log(`set-up: ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(`set-up: ${(error as Error).message}`);
  process.exitCode = 1;
}
