/** Laws about message templates: the file is there, can be filled, and its placeholders are the ones that the plan lists. */
import { join, normalize } from 'node:path';
import Mustache from 'mustache';
import { readTextFile } from '../files.ts';
import type { Plan } from '../schema.ts';
import { problemIf, type Problem } from './rule.ts';

/** A message is read on a telephone at night. */
const templateBytesMax = 65_536;

/** Problems of the templates below a plan's folder. */
export async function checkTemplates(plan: Plan, folder: string): Promise<readonly Problem[]> {
  const checked = plan.communication.templates.map((template, index) => checkTemplate(template, ['communication', 'templates', index], folder));
  return (await Promise.all(checked)).flat();
}

type Template = Plan['communication']['templates'][number];

async function checkTemplate({ file, subject, placeholders }: Template, path: Problem['path'], folder: string): Promise<readonly Problem[]> {
  const problem = (message: string): Problem => ({ rule: 'templates', level: 'error', path, message });
  const below = normalize(file);
  if (below.startsWith('/') || below.startsWith('..'))
    return [problem(`The file ${file} is not below the plan's folder, with which it is moved and read. Put it there.`)];
  const read = await readTextFile(join(folder, below), templateBytesMax);
  if ('refused' in read) return [problem(`The file ${file} cannot be used. ${read.refused}`)];
  const subjectNames = namesIn(subject ?? '');
  const fileNames = namesIn(read.text);
  if (typeof subjectNames === 'string') return [problem(`The subject is no Mustache text: ${subjectNames}. Mend it.`)];
  if (typeof fileNames === 'string') return [problem(`${file} is no Mustache text: ${fileNames}. Mend it.`)];
  const used = new Set([...subjectNames, ...fileNames]);
  return [
    ...[...used].flatMap((name) =>
      problemIf(!placeholders.includes(name), problem(`{{${name}}} stands in ${file} and not in its placeholders. Add it there, or take it out of the text.`)),
    ),
    ...placeholders.flatMap((name) =>
      problemIf(!used.has(name), problem(`The placeholder ${name} is listed and ${file} does not use it. Use it, or take it off the list.`)),
    ),
  ];
}

/** Tokens of Mustache: kind, value, where it begins and ends, and what stands inside of a section. */
type Token = readonly [kind: string, value: string, from: number, to: number, inside?: readonly Token[]];

/** Names in double braces; or, as a text, why it cannot be filled. */
function namesIn(template: string): readonly string[] | string {
  try {
    return namesOf(Mustache.parse(template) as unknown as readonly Token[]);
  } catch (error) {
    return (error as Error).message;
  }
}

function namesOf(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap(([kind, value, , , inside]) => [
    ...(kind === 'text' || kind === '!' ? [] : [value]),
    ...(Array.isArray(inside) ? namesOf(inside) : []),
  ]);
}
