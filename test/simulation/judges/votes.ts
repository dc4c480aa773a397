/** What people really said, counted apart from the run: a gate may be decided only by what enough of the right people had voted for by then, none of whom had seen better evidence. */
import type { CacheState } from '../../../activities/cache/port.ts';
import type { DatabaseState } from '../../../activities/database/port.ts';
import type { AgentState } from '../../../activities/hosts/port.ts';
import type { Plan, SiteId } from '../../../plan/schema.ts';
import type { GateRecord } from '../../../report/report.ts';
import type { Vote } from '../../../workflows/wire/messages.ts';
import { choicesOf, runbookOf } from '../../driven/driven.ts';
import type { Lived } from '../simulation.ts';
import type { Asked, Said } from '../witness.ts';

type Decided = Lived['gates'][number];
type Cast = Said & { readonly payload: Vote };

/** Every decision of people has its votes. */
export function votedFor(lived: Lived, plan: Plan): string[] {
  return lived.gates
    .filter(({ decision }) => !/^(expired|stopped|not asked|settled)/.test(decision))
    .flatMap((gate) => {
      const { quorum } = termsOf(lived, gate, plan);
      const voters = agreeing(lived, gate, plan);
      if (gate.decision === 'approve' && wasRuledOut(lived, gate)) return [`${gate.gate} was decided "approve" while the target was ruled out`];
      return voters.length >= quorum ? [] : [`${gate.gate} was decided "${gate.decision}", and only ${voters.join(', ') || 'nobody'} had voted so`];
    });
}

function termsOf({ driven }: Lived, { gate }: GateRecord, plan: Plan) {
  const terms = runbookOf(plan, driven.procedure).gates.find(({ id }) => gate.startsWith(`${id}-`));
  if (!terms) throw new Error(`The plan has no gate for ${gate}.`);
  return terms;
}

/**
 * People whose last valid vote is for what was decided, at the moment by the time it closed when they were most: votes that came within the same millisecond after the close are not
 * told from those before.
 */
function agreeing(lived: Lived, gate: Decided, plan: Plan): readonly string[] {
  const { electorate } = termsOf(lived, gate, plan);
  const may = new Set(plan.groups.filter(({ id }) => electorate.includes(id)).flatMap(({ members }) => members));
  const starter = lived.startedBy.get(gate.execution);
  if (starter !== undefined) may.delete(starter);
  const offered = lived.witness.shown.filter(({ execution, gate: shown }) => execution === gate.execution && isSameQuestion(shown.gate, gate.gate));
  const words = new Set(offered.flatMap(({ gate: shown }) => choicesOf(shown)));
  const looks = gate.gate.startsWith(activation) ? looksOf(lived, gate.execution) : [];
  const last = new Map<string, readonly Cast[]>();
  let most: readonly string[] = [];
  for (const { cast, late } of castOn(lived, gate)) {
    const { payload, order } = cast;
    if (!may.has(payload.who) || payload.reason === '' || !words.has(payload.choice)) continue;
    // Nobody approves a target that the last look has ruled out.
    if (payload.choice === 'approve' && looks.findLast((look) => look.order < order)?.rank === 2) continue;
    // Of one that may have come too late for its id nobody but the run can tell whether it counted: then the one before it is still their word. So is a vote against the failover before an
    // approval, which is refused as long as anything rules the target out.
    const before = last.get(payload.who) ?? [];
    last.set(payload.who, [...(late ? before : payload.choice === 'approve' ? before.filter((vote) => vote.payload.choice === 'reject') : []), cast]);
    const agrees = (vote: Cast) => vote.payload.choice.split(' ')[0] === gate.decision && stands(vote, order, looks);
    const now = [...last].flatMap(([who, votes]) => (votes.some(agrees) ? [who] : []));
    if (now.length > most.length) most = now;
  }
  return most;
}

const activation = 'activation-';

/** Whether the last look before the decision, if only by a millisecond, found that the target cannot take over. */
function wasRuledOut(lived: Lived, gate: Decided): boolean {
  if (!gate.gate.startsWith(activation)) return false;
  const looks = looksOf(lived, gate.execution);
  return looks.findLast(({ at }) => Math.ceil(at) < Date.parse(gate.closedAt ?? ''))?.rank === 2;
}

/** A run asks for its activation once, under a new id each time the evidence grows worse. */
function isSameQuestion(one: string, other: string): boolean {
  return one === other || (one.startsWith(activation) && other.startsWith(activation));
}

/** Votes on this question in its time, each on the id that was shown last when it came; `late` when the next that was shown is another one, which the run may have had by then. */
function castOn({ witness }: Lived, gate: Decided): readonly { readonly cast: Cast; readonly late: boolean }[] {
  const closed = Date.parse(gate.closedAt ?? '');
  const shown = witness.shown.filter(({ execution }) => execution === gate.execution);
  // The simulated clock knows parts of a millisecond, a record does not.
  return witness
    .votes(gate.execution)
    .filter(
      ({ at, order, payload }) =>
        isSameQuestion(payload.gate, gate.gate) &&
        at >= Date.parse(gate.openedAt) &&
        Math.floor(at) <= closed &&
        shown.findLast((one) => one.order < order)?.gate.gate === payload.gate,
    )
    .map((cast) => {
      const next = shown.find(({ order }) => order > cast.order)?.gate.gate;
      return { cast, late: next !== undefined && next !== cast.payload.gate && isSameQuestion(next, cast.payload.gate) };
    });
}

/** Whether no look between a vote and the moment `until` found it worse than its voter had seen it; against a failover it never is. */
function stands({ order, payload }: Cast, until: number, looks: readonly Look[]): boolean {
  if (payload.choice === 'reject') return true;
  const weighed = looks.filter(({ rank }) => rank < 2);
  const seen = weighed.findLast((look) => look.order < order)?.rank ?? 0;
  return weighed.every((look) => look.order < order || look.order > until || look.rank <= seen);
}

/** What an assessment found, in coarse ranks: nothing against the target; what was acknowledged last may be missing; the target cannot take over. */
interface Look {
  readonly at: number;
  readonly order: number;
  readonly rank: 0 | 1 | 2;
}

/** An assessment asks for everything at once, and counts when all of it is answered; only an assessment asks for the service of the failed site. */
function looksOf({ witness, places }: Lived, by: string): readonly Look[] {
  const asked = witness.asked.filter(({ execution }) => execution === by);
  return asked
    .filter(({ name }) => name === 'readService')
    .flatMap((service) => {
      const all = asked.filter(({ name, at }) => at === service.at && /^read(Database|Cache|Agents|Service)$/.test(name));
      const told = all.flatMap(({ told }) => (told?.ok ? [told] : []));
      if (told.length < all.length) return [];
      const last = told.reduce((latest, one) => (one.order > latest.order ? one : latest));
      return [{ at: last.at, order: last.order, rank: rankOf(all, places.target) }];
    })
    .sort((one, other) => one.order - other.order);
}

function rankOf(asked: readonly Asked[], at: SiteId): Look['rank'] {
  const answers = <T>(named: string) => asked.flatMap(({ name, told }) => (name === named && told?.ok ? [told.value as T] : []));
  const databases = answers<DatabaseState>('readDatabase');
  const caches = answers<CacheState>('readCache');
  const agents = answers<readonly AgentState[]>('readAgents').flat();
  const target = [databases, caches, agents].map((states) => (states as readonly { site: string; reachable: boolean }[]).find(({ site }) => site === at));
  if (target.some((state) => !state?.reachable)) return 2;
  // Each commit waits for one of them, so that it may be with any that is silent alone.
  const answering = databases.filter((state) => state.reachable);
  const waitedFor = (answering[0]?.heartbeats[0]?.standbys ?? []).flatMap((standby) => /^(.+)=(?:sync|quorum)$/.exec(standby)?.[1] ?? []);
  return waitedFor.length > 0 && waitedFor.every((site) => answering.some((state) => state.site === site)) ? 0 : 1;
}
