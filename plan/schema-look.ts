/** What the schema says of one place of a plan: its keys, its form, an example. Pure. */
import { z } from 'zod';
import { planSchema } from './schema.ts';
import type { PlanPath } from './source.ts';

/** The schema at a path; of a union the variant that the plan has chosen there, or the union itself as a `whole`. */
export function schemaAt(path: PlanPath, data: unknown, union: 'variant' | 'whole' = 'variant'): unknown {
  let schema: unknown = planSchema;
  let value = data;
  for (const key of path) {
    schema = below(variant(schema, value), key);
    value = value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[key] : undefined;
  }
  return union === 'whole' ? bare(schema) : variant(schema, value);
}

/** Keys that the schema knows at a path. */
export function knownKeys(path: PlanPath, data: unknown): readonly string[] {
  const schema = schemaAt(path, data);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The sentence by which a text's own form is refused, such as that of a duration; undefined where any text will do. */
export function formOf(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodString)) return undefined;
  // No text of this kind is a form of the plan.
  const refused = schema.safeParse('\u0000').error?.issues.find(({ code }) => code === 'invalid_format');
  return refused?.message;
}

/** A value that fits; undefined where there is none. */
export function exampleOf(schema: unknown): unknown {
  const plain = variant(schema, undefined);
  if (!(plain instanceof z.ZodType)) return undefined;
  const [example] = (plain.meta()?.examples ?? []) as readonly unknown[];
  if (example !== undefined) return example;
  if (plain instanceof z.ZodLiteral || plain instanceof z.ZodEnum) return plain instanceof z.ZodLiteral ? [...plain.values][0] : plain.options[0];
  if (plain instanceof z.ZodBoolean) return true;
  if (plain instanceof z.ZodArray) return plain.safeParse([]).success ? [] : [exampleOf(plain.element)];
  if (plain instanceof z.ZodRecord) return {};
  if (!(plain instanceof z.ZodObject)) return undefined;
  const needed = Object.entries(plain.shape as Record<string, z.ZodType>).filter(([, part]) => !(part instanceof z.ZodOptional));
  return Object.fromEntries(needed.map(([key, part]) => [key, exampleOf(part)]));
}

function below(schema: unknown, key: string | number): unknown {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? (schema.shape as Record<string, unknown>)[key] : undefined;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap()) : schema;
}

/** Of a union the mapping that has the plan's own kind, else the first: mappings alone have keys. */
function variant(schema: unknown, value: unknown): unknown {
  const plain = bare(schema);
  if (!(plain instanceof z.ZodUnion)) return plain;
  const mappings = plain.options.filter((option) => option instanceof z.ZodObject);
  const driver = value !== null && typeof value === 'object' ? (value as { driver?: unknown }).driver : undefined;
  return mappings.find((option) => isKind(option, driver)) ?? mappings[0] ?? plain.options[0];
}

function isKind(mapping: z.ZodObject, driver: unknown): boolean {
  const kind: unknown = mapping.shape['driver'];
  return kind instanceof z.ZodLiteral && kind.values.has(driver as string);
}
