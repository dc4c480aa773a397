/** `node dist/workers/make-bundle.js FILE`: the last step of `npm run build`. */
import { createLogger, temporalLogger } from './logger.ts';
import { writeWorkflowBundle } from './bundle.ts';

const file = process.argv[2];
if (!file) {
  process.stderr.write('Say where the bundle goes: node dist/workers/make-bundle.js dist/workflow-bundle.js\n');
  process.exit(2);
}
await writeWorkflowBundle(file, temporalLogger(createLogger('warn')));
