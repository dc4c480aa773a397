/** A template of CloudFormation, and what would come of it beside the one that stands: found without asking AWS to make a change set. Pure. */
import { isMap, isPair, isScalar, parseDocument, stringify, type Document } from 'yaml';
import type { StackChange } from '../../plan/rules/stacks.ts';

export interface Template {
  /** Type and text of each resource, by its logical id. */
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly text: string }>;
  /** Why nobody can tell before what comes of it; undefined where it can be told. */
  readonly opaque?: string;
}

/** Throws an Error in words for what is no template. Tags such as `!Ref` stay in the texts. */
export function readTemplate(text: string): Template {
  const document: Document = parseDocument(text, { logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem) throw new Error(problem.message.split('\n')[0]);
  const found = document.get('Resources');
  if (!isMap(found)) throw new Error('it has no Resources');
  const resources = new Map(
    found.items.flatMap((pair) => {
      if (!isPair(pair) || !isScalar(pair.key) || !isMap(pair.value)) return [];
      return [[String(pair.key.value), { type: String(pair.value.get('Type')), text: stringify(pair.value) }] as const];
    }),
  );
  const nested = [...resources]
    .filter(([, { type }]) => type === 'AWS::CloudFormation::Stack' || type.startsWith('AWS::CloudFormation::Macro'))
    .map(([id]) => id);
  const opaque = document.has('Transform') ? 'it has a Transform' : nested.length > 0 ? `it nests stacks (${nested.join(', ')})` : undefined;
  return { resources, ...(opaque === undefined ? {} : { opaque }) };
}

export interface Standing {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What would be made where nothing stands, or of what stands. Where a parameter differs, each resource that names it is changed. */
export function changesOf(wanted: Template, parameters: Readonly<Record<string, string>>, standing?: Standing): readonly StackChange[] {
  if (!standing) return [...wanted.resources].map(([what, { type }]) => ({ what, type, action: 'create' }));
  const { template, parameters: given } = standing;
  const others = Object.entries(parameters).filter(([name, value]) => given[name] !== value).map(([name]) => name); // prettier-ignore
  const made = [...wanted.resources].flatMap(([what, { type, text }]): StackChange[] => {
    const stands = template.resources.get(what);
    if (!stands) return [{ what, type, action: 'create' }];
    if (stands.type !== type) return [{ what, type, action: 'replace' }];
    const names = others.some((name) => new RegExp(`\\b${name}\\b`).test(text));
    return stands.text === text && !names ? [] : [{ what, type, action: 'change' }];
  });
  const gone = [...template.resources].filter(([what]) => !wanted.resources.has(what));
  return [...made, ...gone.map(([what, { type }]): StackChange => ({ what, type, action: 'delete' }))];
}
