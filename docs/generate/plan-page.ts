/** The reference page of the plan's fields, from the JSON Schema. */
import { canonicalJson } from '../../plan/canonical.ts';
import * as common from '../../plan/schema/common.ts';
import { planSchema } from '../../plan/schema.ts';
import { folderBounds } from '../../plan/source.ts';
import { yamlBounds } from '../../plan/yaml.ts';
import { table } from '../../report/markdown.ts';
import { byName, code, page } from './page.ts';
import { type JsonSchema, jsonSchemaOf } from './plan-schema.ts';

interface Field {
  /** Below its top-level key: `sites.<name>.agent`, `steps[].bound`, `database(rds).instances`. */
  readonly path: string;
  readonly schema: JsonSchema;
  readonly needed: boolean;
}

interface Form {
  readonly name: string;
  readonly schema: JsonSchema;
}

/** Building blocks that fields share; a field that is one of them shows its name. */
const forms: readonly Form[] = Object.entries(common)
  .map(([name, schema]) => ({ name, schema: jsonSchemaOf(schema) }))
  .sort(byName);

export function planPage(): string {
  const plan = jsonSchemaOf(planSchema);
  const sections = Object.entries(plan.properties ?? {}).map(([key, schema]) => {
    const rows = fieldsOf(key, schema).map((field) => [
      code(field.path),
      describeType(field.schema),
      field.schema.default === undefined ? (field.needed ? 'yes' : 'no') : `default ${code(JSON.stringify(field.schema.default))}`,
      field.schema.description ?? '',
    ]);
    return `## ${code(key)}\n\n${table(['Field', 'Type and range', 'Needed', 'Meaning'], rows)}`;
  });
  const formRows = forms.map(({ name, schema }) => [name, describeForm(schema), schema.description ?? '']);
  return page(
    'Fields of the plan',
    `A plan is a folder: each of its YAML files contributes some of these keys, each key once. A field that is not needed may be left out; it has a default only where its row says so.
The same as JSON Schema, for editors and other programs: [plan.schema.json](../../plan/plan.schema.json). A file that begins with \`# yaml-language-server: $schema=plan.schema.json\` is checked and completed while it is written; \`dr init\` writes both.
What the fields must be to each other is checked by \`dr plan check\`.
Each duration and count has a range with its reason in the row. Texts and lists end somewhere for one reason: people read them, and the whole plan travels with each run, so that all files together hold at most ${folderBounds.planBytesMax} bytes as data. A file has at most ${folderBounds.fileBytesMax} bytes, a folder ${folderBounds.filesMax} files, and what is nested ${yamlBounds.depthMax} levels; ${yamlBounds.aliasesMax} repeats (\`*name\`) are read in a file.`,
    [`## Forms\n\n${table(['Form', 'Type and range', 'Meaning'], formRows)}`, ...sections],
  );
}

/** Every field of a top-level key, itself first. */
export function fieldsOf(key: string, schema: JsonSchema): readonly Field[] {
  return below({ path: key, schema, needed: true });
}

function below(field: Field): readonly Field[] {
  return [field, ...childrenOf(field.path, field.schema)];
}

function childrenOf(path: string, schema: JsonSchema): readonly Field[] {
  if (formOf(schema)) return [];
  if (schema.items) return childrenOf(`${path}[]`, schema.items);
  if (schema.anyOf) return schema.anyOf.flatMap((variant) => childrenOf(path, variant));
  if (schema.oneOf) return schema.oneOf.flatMap((variant) => childrenOf(`${path}(${variantName(variant)})`, variant));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    below({ path: `${path}.${key}`, schema: child, needed: schema.required?.includes(key) ?? false }),
  );
  const named = typeof schema.additionalProperties === 'object' ? below({ path: `${path}.<name>`, schema: schema.additionalProperties, needed: false }) : [];
  return [...fields, ...named];
}

/** The value that tells a mapping from the others of its `oneOf`. */
function variantName(schema: JsonSchema): string {
  return Object.values(schema.properties ?? {}).flatMap((child) => child.const ?? [])[0] ?? '';
}

function formOf(schema: JsonSchema): Form | undefined {
  const bare = withoutDescription(schema);
  return forms.find((form) => withoutDescription(form.schema) === bare);
}

function withoutDescription({ description: _text, examples: _examples, ...rest }: JsonSchema): string {
  return canonicalJson(rest);
}

function describeType(schema: JsonSchema): string {
  return formOf(schema)?.name ?? describeBare(schema);
}

/** A form's own fields stand nowhere else. */
function describeForm(schema: JsonSchema): string {
  const keys = Object.keys(schema.properties ?? {});
  return keys.length === 0 ? describeBare(schema) : `mapping of ${keys.map(code).join(', ')}`;
}

const typeNames: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', object: 'mapping', boolean: 'true or false' };

function describeBare(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return `one of ${schema.enum.map(code).join(', ')}`;
  if (schema.anyOf) return schema.anyOf.map(describeType).join(', or ');
  if (schema.oneOf) return `mapping of one kind: ${schema.oneOf.map((variant) => code(variantName(variant))).join(' or ')}`;
  if (schema.items) return `list of ${schema.minItems ?? 0} to ${schema.maxItems ?? 'any number'}: ${describeType(schema.items)}`;
  if (typeof schema.additionalProperties === 'object')
    return `mapping of ${describeType(schema.propertyNames ?? {})} to ${describeType(schema.additionalProperties)}`;
  return [typeNames[schema.type ?? ''] ?? schema.type, range(schema)].filter(Boolean).join(', ');
}

function range({ minimum, maximum, maxLength, format, pattern }: JsonSchema): string {
  const numbers =
    minimum === undefined ? (maximum === undefined ? '' : `up to ${maximum}`) : maximum === undefined ? `from ${minimum}` : `${minimum} to ${maximum}`;
  // A format says the same as its pattern, and shorter.
  const form = format ?? (pattern === undefined ? '' : code(pattern));
  return [numbers, maxLength === undefined ? '' : `up to ${maxLength} characters`, form].filter((part) => part !== '').join(', ');
}
