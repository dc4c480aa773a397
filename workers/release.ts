/** Which release a worker is of. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

/**
 * The package's version, and the first digits of the SHA-256 of the workflow code: workers that run one build are of one release. The source map is left out, since it names the folder
 * of the build; the code itself may differ with the folder that it is built in.
 */
export function releaseOf(workflowCode: string): string {
  const { version } = createRequire(import.meta.url)('dr-orchestrator/package.json') as { readonly version: string };
  const code = workflowCode.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '');
  return `${version}-${createHash('sha256').update(code).digest('hex').slice(0, 8)}`;
}
