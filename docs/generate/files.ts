/** Every generated file, by its place in the repository: made from the code and formatted as everything else. Reads sources; writes nothing. */
import { format, resolveConfig } from 'prettier';
import { commandPage } from './command-page.ts';
import { errorPage } from './error-page.ts';
import { eventPage } from './event-page.ts';
import { policyFiles } from './iam.ts';
import { messagePage } from './message-page.ts';
import { planPage } from './plan-page.ts';
import { planFileSchema } from './plan-schema.ts';
import { fromRoot } from './sources.ts';

export interface GeneratedFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const files = [
    { path: 'plan/plan.schema.json', text: JSON.stringify(planFileSchema()) },
    { path: 'docs/reference/plan.md', text: planPage() },
    { path: 'docs/reference/errors.md', text: errorPage() },
    { path: 'docs/reference/messages.md', text: await messagePage() },
    { path: 'docs/reference/commands.md', text: commandPage() },
    { path: 'docs/reference/events.md', text: eventPage() },
    ...policyFiles(),
  ];
  return Promise.all(files.map(async ({ path, text }) => ({ path, text: await tidy(path, text) })));
}

async function tidy(path: string, text: string): Promise<string> {
  const filepath = fromRoot(path);
  return format(text, { ...(await resolveConfig(filepath)), filepath });
}
