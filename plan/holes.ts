/**
 * A plan of which parts are not known, because the schema refuses them. Laws look at it as at any plan, so that what is wrong in other parts is said at once; a law
 * that comes upon a part that is not known cannot tell, and says nothing until that part is mended.
 */
import type { Plan } from './schema.ts';
import type { PlanPath } from './source.ts';

class UnknownPart extends Error {}

interface Hole {
  below: Map<string, Hole>;
  unknown: boolean;
}

/** The plan as written, without the keys at `needless`, in which the parts at `unknown`, and all below them, cannot be read. */
export function withHoles(data: unknown, unknown: readonly PlanPath[], needless: readonly PlanPath[]): Plan {
  // Parts that the YAML repeats are one object; here each stands for itself.
  const copy: unknown = JSON.parse(JSON.stringify(data));
  for (const path of needless) {
    const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], copy);
    delete (parent as Record<string | number, unknown>)[path.at(-1) ?? ''];
  }
  const root: Hole = { below: new Map(), unknown: false };
  for (const path of unknown) {
    let hole = root;
    for (const key of path.map(String)) {
      const next = hole.below.get(key) ?? { below: new Map(), unknown: false };
      hole.below.set(key, next);
      hole = next;
    }
    hole.unknown = true;
  }
  return view(copy, root, new WeakMap()) as Plan;
}

/** What a look at a plan finds; nothing when it comes upon a part that is not known. */
export async function findingsOf<Found>(look: () => readonly Found[] | Promise<readonly Found[]>): Promise<readonly Found[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof UnknownPart) return [];
    throw error;
  }
}

/** The same object gives the same view, so that a law may look for an item in its list. */
function view(value: unknown, hole: Hole | undefined, views: WeakMap<object, object>): unknown {
  if (hole?.unknown) throw new UnknownPart();
  if (hole === undefined || value === null || typeof value !== 'object') return value;
  const known = views.get(value);
  if (known) return known;
  const made = new Proxy(value, {
    get: (target, key, receiver) => {
      const part: unknown = Reflect.get(target, key, receiver);
      return typeof key === 'string' ? view(part, hole.below.get(key), views) : part;
    },
  });
  views.set(value, made);
  return made;
}
