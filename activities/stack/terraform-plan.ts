/** What Terraform prints as JSON, read. Pure. */
import { z } from 'zod';
import type { StackAction } from '../../plan/rules/stacks.ts';
import { digestOf } from './accepted.ts';
import type { StackPreview } from './port.ts';

const change = z.looseObject({
  actions: z.array(z.string()),
  before: z.unknown(),
  after: z.unknown(),
  after_unknown: z.unknown(),
  before_sensitive: z.unknown(),
  after_sensitive: z.unknown(),
});

const plan = z.looseObject({
  resource_changes: z.array(z.looseObject({ address: z.string(), mode: z.string(), type: z.string(), change })).default([]),
  resource_drift: z.array(z.looseObject({ address: z.string(), change })).default([]),
  output_changes: z.record(z.string(), change).default({}),
  configuration: z.unknown(),
});

export type ReadPlan = Pick<StackPreview, 'changes' | 'drift' | 'basis' | 'digest'>;

/** Of `terraform show -json PLAN`. */
export function readPlan(text: string): ReadPlan {
  const told = plan.parse(JSON.parse(text));
  const acting = told.resource_changes.filter(({ mode, change: { actions } }) => mode === 'managed' && !actions.includes('no-op'));
  const outputs = Object.entries(told.output_changes).filter(([, { actions }]) => !actions.includes('no-op'));
  return {
    changes: acting.map(({ address, type, change: { actions } }) => ({ what: address, type, action: actionOf(actions) })),
    drift: told.resource_drift.map(
      ({ address, change: { actions } }) => `${address} was ${actions.includes('delete') ? 'deleted' : 'changed'} outside Terraform`,
    ),
    basis: digestOf(told.configuration ?? null),
    digest: digestOf({
      resources: acting.map(({ address, change: one }) => ({ address, ...followed(one) })),
      outputs: outputs.map(([name, one]) => ({ name, ...followed(one) })),
    }),
  };
}

function actionOf(actions: readonly string[]): StackAction {
  if (actions.includes('delete') && actions.includes('create')) return 'replace';
  // `forget` takes a thing out of the state: as good as deleted for whoever looks for it there.
  if (actions.includes('delete') || actions.includes('forget')) return 'delete';
  return actions.includes('create') ? 'create' : 'change';
}

/** What a change is, without what Terraform calls sensitive: a digest of a short secret tells the secret. */
function followed(one: z.infer<typeof change>): object {
  return { actions: one.actions, before: masked(one.before, one.before_sensitive), after: masked(one.after, one.after_sensitive), unknown: one.after_unknown };
}

function masked(value: unknown, sensitive: unknown): unknown {
  if (sensitive === true) return null;
  if (typeof value !== 'object' || value === null || typeof sensitive !== 'object' || sensitive === null) return value ?? null;
  const marks = sensitive as Readonly<Record<string, unknown>>;
  if (Array.isArray(value)) return value.map((item: unknown, index) => masked(item, marks[index]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, marks[key])]));
}

const resource = z.looseObject({
  address: z.string(),
  mode: z.string(),
  type: z.string(),
  values: z.looseObject({ id: z.string().catch('') }).default({ id: '' }),
});
interface Module {
  readonly resources?: readonly z.infer<typeof resource>[] | undefined;
  readonly child_modules?: readonly Module[] | undefined;
}
const module: z.ZodType<Module> = z.lazy(() => z.looseObject({ resources: z.array(resource).optional(), child_modules: z.array(module).optional() }));
const output = z.looseObject({ sensitive: z.boolean(), value: z.unknown() });
const state = z.looseObject({ values: z.looseObject({ outputs: z.record(z.string(), output).default({}), root_module: module.default({}) }).optional() });

export interface ReadState {
  readonly resources: readonly { readonly what: string; readonly type: string; readonly id: string }[];
  /** Without the sensitive ones. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Of `terraform show -json`: what the state holds. */
export function readState(text: string): ReadState {
  const { values } = state.parse(JSON.parse(text));
  const outputs = Object.entries(values?.outputs ?? {}).filter(([, { sensitive }]) => !sensitive);
  return {
    resources: resourcesOf(values?.root_module ?? {}),
    outputs: Object.fromEntries(outputs.map(([name, { value }]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])),
  };
}

function resourcesOf({ resources = [], child_modules = [] }: Module): ReadState['resources'] {
  const own = resources.filter(({ mode }) => mode === 'managed').map(({ address, type, values }) => ({ what: address, type, id: values.id }));
  return [...own, ...child_modules.flatMap(resourcesOf)];
}
