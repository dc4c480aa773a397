/** What can be done to a running lab, by the paths of its control. */
import { z } from 'zod';
import { labSites, viewers, type LabSite } from './addresses.ts';
import type { LabEstate, Progress } from './estate.ts';
import { parties, select, type Party } from './network/state.ts';
import { planFolder } from './plan.ts';
import { primarySite } from './settings.ts';
import { answerUnit } from './site/unit-verbs.ts';
import type { Control } from './component.ts';

const site = z.enum(labSites);
const party = z.enum(parties as [Party, ...Party[]]);
/** `sites` stands for all of them. */
const others = z
  .array(z.union([party, z.literal('sites')]))
  .min(1)
  .transform((names) => names.flatMap((name) => (name === 'sites' ? labSites : [name])));
const selection = { site, from: party.optional(), to: party.optional(), only: others.optional() };

const cutBody = z.strictObject({ ...selection, mode: z.enum(['hole', 'reset']).default('hole'), withControlPlane: z.boolean().default(false) });
const slowBody = z.strictObject({ ...selection, ms: z.int().min(0).max(60_000) });
const siteBody = z.strictObject({ site });
const killBody = z.strictObject({ site, withControlPlane: z.boolean().default(false) });
const unitBody = z.strictObject({ site, verb: z.string(), unit: z.string().optional(), percent: z.string().optional() });

/** Parses, and says in one sentence what was wrong with the request. */
function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const names = `Sites are ${labSites.join(', ')}; others are ${Object.keys(viewers).join(', ')}, internet.`;
  throw new Error(`${issue?.path.join('.') || 'The request'} is wrong: ${issue?.message}. Nothing was changed. ${names}`);
}

function cutSelection(request: { site: LabSite; from?: Party | undefined; to?: Party | undefined; only?: Party[] | undefined }) {
  return select({
    site: request.site,
    ...(request.from ? { from: request.from } : {}),
    ...(request.to ? { to: request.to } : {}),
    ...(request.only ? { only: request.only } : {}),
  });
}

/** Verbs of the lab itself. `progress` takes lines for people. */
export function labVerbs(estate: LabEstate, directory: string, progress: Progress): Record<string, Control> {
  const { network, world } = estate;
  return {
    async cut(body) {
      const request = parse(cutBody, body);
      network.state.change(cutSelection(request), { mode: request.mode });
      controlPlane(estate, request, false);
      return { links: network.state.list() };
    },
    async heal(body) {
      const request = parse(siteBody, body);
      network.state.change(select(request), { mode: 'open', delayMs: 0 });
      if (request.site === primarySite) world.setControlPlane(true);
      return { links: network.state.list() };
    },
    async slow(body) {
      const request = parse(slowBody, body);
      network.state.change(cutSelection(request), { delayMs: request.ms });
      return { links: network.state.list() };
    },
    async kill(body) {
      const request = parse(killBody, body);
      await estate.site(request.site).kill();
      controlPlane(estate, request, false);
      return {};
    },
    async revive(body) {
      const request = parse(siteBody, body);
      await estate.site(request.site).revive();
      if (request.site === primarySite) world.setControlPlane(true);
      return {};
    },
    async backup() {
      return estate.backups.make(primarySite, estate.site(primarySite));
    },
    async reset() {
      const startedAt = performance.now();
      await estate.reset(progress);
      return { seconds: (performance.now() - startedAt) / 1000 };
    },
    plan: async () => ({ folder: planFolder(directory) }),
    'unit/text': async (body) => {
      const { site: id, verb, unit, percent } = parse(unitBody, body);
      const answer = await answerUnit(estate.site(id).service, { verb, ...(unit ? { unit } : {}), ...(percent ? { percent } : {}) });
      return `${answer.code}\n${answer.text}`;
    },
  };
}

/** Route 53's control plane lives in the region of the primary. */
function controlPlane(estate: LabEstate, request: { site: LabSite; withControlPlane: boolean }, available: boolean): void {
  if (!request.withControlPlane) return;
  if (request.site !== primarySite)
    throw new Error(`Only ${primarySite} takes Route 53's control plane with it; the site was changed, the control plane was not.`);
  estate.world.setControlPlane(available);
}
