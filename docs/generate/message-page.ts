/** The reference page of everything that can be said to a run and asked of it: names from the definitions, payloads from their types. */
import { readFile } from 'node:fs/promises';
import { procedureNames } from '../../plan/catalogue/names.ts';
import { table } from '../../report/markdown.ts';
import * as ids from '../../workflows/wire/ids.ts';
import * as messages from '../../workflows/wire/messages.ts';
import { byName, code, page } from './page.ts';
import { closure, type Declaration, declarationsOf, fromRoot, namesIn } from './sources.ts';

/** Where a procedure says how it is started. */
const startOf = (procedure: string): string => `workflows/wire/${procedure.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`;

/** Where the types of payloads are declared. */
const typeSources = [
  'workflows/wire/messages.ts',
  ...Object.keys(procedureNames).map(startOf),
  'workflows/children/fence-on-return.ts',
  'workflows/children/beyond.ts',
  'report/report.ts',
  'plan/rules/loss.ts',
  'plan/rules/servers.ts',
  'activities/access/port.ts',
  'activities/restore/port.ts',
  'plan/rules/restore-points.ts',
  'activities/context.ts',
];

/** Workflow ids by workflow type: who starts one must use it. */
const idOf: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(procedureNames).map((name) => [name, `${ids.makeRunWorkflowId('<estate>')}, in mode dry-run ${ids.makeDryRunWorkflowId('<estate>')}`]),
  ),
  assessment: ids.makeAssessmentWorkflowId('<estate>', '<site>'),
  estateCheck: ids.makeEstateCheckWorkflowId('<estate>'),
  restorePoints: ids.makeRestorePointsWorkflowId('<estate>'),
  fenceOnReturn: ids.makeFenceOnReturnWorkflowId('<estate>', '<site>'),
};

interface Message {
  readonly kind: string;
  readonly name: string;
  /** Type of its payload; empty for a query. */
  readonly payload: string;
  /** Type of its answer; empty for a signal. */
  readonly answer: string;
  readonly doc: string;
}

export async function messagePage(): Promise<string> {
  const declarations = (await Promise.all(typeSources.map(declarationsOf))).flat();
  const said = messagesIn(declarations);
  const workflows = await workflowsOf();
  const named = [
    ...workflows.flatMap(({ input, result }) => namesIn(`${input} ${result}`)),
    ...said.flatMap(({ answer, payload }) => namesIn(`${answer} ${payload}`)),
  ];
  const types = closure(named, declarations);
  const rows = (kind: string): readonly string[][] =>
    said.filter((message) => message.kind === kind).map(({ name, payload, answer, doc }) => [code(name), ...[payload, answer].filter(Boolean).map(code), doc]);
  return page(
    'Messages',
    `Payloads are JSON of the types below. Task queue: \`${ids.taskQueueOf('<estate>')}\`. How they are used: [the client](../client.md), [the README](../../README.md#driving-it) for stock clients.`,
    [
      `## Workflow types\n\n${table(
        ['Type', 'Workflow id', 'Input', 'Result', 'Meaning'],
        workflows.map(({ name, input, result, doc }) => [code(name), code(idOf[name] ?? ''), code(input), code(result), doc]),
      )}`,
      `## Signals\n\nNo answer comes back; what is refused stands in the details of the run and in its report.\n\n${table(['Signal', 'Payload', 'Meaning'], rows('signal'))}`,
      `## Updates\n\n${table(['Update', 'Payload', 'Answer', 'Meaning'], rows('update'))}`,
      `## Queries\n\n${table(['Query', 'Answer', 'Meaning'], rows('query'))}`,
      '## Types\n\nA `SiteId` is a text; a `PlanSnapshot` is `{ plan, digest }` with the [plan](plan.md) as JSON and its SHA-256.',
      ...types.map(({ name, doc, text }) => `### ${code(name)}\n\n${doc === '' ? '' : `${doc}\n\n`}\`\`\`ts\n${text}\n\`\`\``),
    ],
  );
}

function messagesIn(declarations: readonly Declaration[]): readonly Message[] {
  const definitions: Readonly<Record<string, unknown>> = messages;
  const found = Object.entries(definitions).flatMap(([constant, definition]): readonly Message[] => {
    const declaration = declarations.find((candidate) => candidate.name === constant);
    const types = /define\w+<([\s\S]*)>\('/.exec(declaration?.text ?? '')?.[1];
    const { type, name } = definition as { readonly type: string; readonly name: string };
    if (!declaration || types === undefined)
      throw new Error(`workflows/wire/messages.ts defines ${constant} in a form that the reference cannot read. Define it as the others.`);
    const payload = /\[([\s\S]*)\]$/.exec(types)?.[1] ?? '';
    const answer = type === 'signal' ? '' : types.replace(/, \[[\s\S]*\]$/, '');
    return [{ kind: type, name, payload: payload.replaceAll('readonly ', ''), answer, doc: declaration.doc }];
  });
  return found.sort(byName);
}

interface WorkflowType {
  readonly name: string;
  readonly input: string;
  readonly result: string;
  readonly doc: string;
}

/** Workflow types by the exports of workflows/index.ts; their meaning is the first sentence of their file. */
async function workflowsOf(): Promise<readonly WorkflowType[]> {
  const index = await readFile(fromRoot('workflows/index.ts'), 'utf8');
  const exported = [...index.matchAll(/^export \{ (\w+) \} from '\.\/([^']+)'/gm)];
  return Promise.all(
    exported.map(async ([, name = '', file = '']) => {
      const text = await readFile(fromRoot(`workflows/${file}`), 'utf8');
      const [, input = '', result = ''] = new RegExp(`function ${name}\\(input: (\\w+)\\): Promise<(\\w+)>`).exec(text) ?? [];
      const doc = /^\/\*\*\s*(?:\* )?([\s\S]*?[.)])(?:\s|$)/.exec(text)?.[1] ?? '';
      if (input === '' || doc === '') throw new Error(`workflows/${file} declares ${name} in a form that the reference cannot read. Declare it as the others.`);
      return { name, input, result, doc };
    }),
  );
}
