/**
 * How tests drive a procedure, said once: what a run of it is about in a plan, how it is started there, what people answer who want it to go on, and how its end is judged. All drivers take it from
 * here: the model (test/support/runs.ts), random schedules and the sweep of interruptions on it (test/simulation/), sweep and faults in the lab (test/stage/).
 */
import { membersOf } from '../../plan/rules/people.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Plan, Procedure } from '../../plan/schema.ts';
import type { GoodEnd, Outcome, Report } from '../../report/report.ts';
import type { OpenGate, StartInput } from '../../workflows/wire/messages.ts';
import type { StartInputs } from '../../workflows/wire/starts.ts';
import type { FakeEstate } from '../model/estate.ts';

/** What the input of a procedure has beside that of every start. */
export type OwnInput<Name extends ProcedureName> = Name extends ProcedureName ? Omit<StartInputs[Name], keyof StartInput> : never;

type Words = string | readonly string[];

export interface Driven<Name extends ProcedureName = ProcedureName> {
  readonly procedure: Name;
  /** The sites of a plan that a run is about unless a test says otherwise, by their roles. */
  readonly placesIn: (plan: Plan) => Places;
  readonly inputAt: (places: Places) => OwnInput<Name>;
  /** What the input has besides where a person declares the sites failed; absent where none fails. */
  readonly declared?: Partial<OwnInput<Name>>;
  /** Gate at which people decide whether it begins. */
  readonly beginsAt: string;
  /** The words of people who want it to go on, at the gates that it has of its own; of several the first that is offered. */
  readonly answers: Readonly<Record<string, Words>>;
  readonly goodEnd: GoodEnd;
  /** How it ends in the model where nothing goes wrong, if that is not the good end: what cannot be proven there is an exception. */
  readonly calmEnd?: Outcome;
  /** Risks that it asks people to accept where nothing goes wrong, by their questions: who wants it to go on accepts them. Absent where there is none. */
  readonly usualRisks?: RegExp;
  /** Its data comes from backups, made before the sites are lost: what is lost is no more than the report says. Absent where it comes from copies, and nothing is. */
  readonly fromBackups?: true;
  /** An activity of each part of it, in order: where the sweep kills the server. */
  readonly landmarks: readonly string[];
  /** How many attempts of activities a run makes, or a few more: random schedules disturb one of them. */
  readonly attemptsMax: number;
  /** One sentence for each thing in the model that is not as it must be after a good end. */
  readonly faultsWhenDone: (estate: FakeEstate, places: Places) => readonly string[];
  /** The same of a run that was cancelled: taken back before the point of no return, and left as it is after it. */
  readonly faultsWhenCancelled: (estate: FakeEstate, places: Places, report: Report) => readonly string[];
}

/** How a procedure is started in tests; `change` may be about other sites, or no input at all. */
export function inputOf<Name extends ProcedureName>(
  { inputAt, placesIn }: Driven<Name>,
  plan: Plan,
  change: Partial<StartInputs[Name]>,
  places: Places = placesIn(plan),
): StartInputs[Name] {
  // Together they are the input: the compiler does not see that of a name that it does not know.
  return { estate: plan.estate.name, mode: 'live', startedBy: 'pager', ...inputAt(places), ...change } as unknown as StartInputs[Name];
}

/** What people answer to a gate, by the beginning of its id; null: they leave it open. */
export type Answers = Readonly<Record<string, (gate: OpenGate) => string | null>>;

/** What they answer who want it to go on, at its own gates. */
export function answersOf({ answers }: Driven): Answers {
  return Object.fromEntries(Object.entries(answers).map(([gate, word]) => [gate, (open: OpenGate) => choiceWith(open, word)]));
}

/** The same of people in the lab, who accept its usual risks by what is offered first; a risk that is not usual is left open. */
export function answersInLab(driven: Driven): Answers {
  const { usualRisks } = driven;
  return {
    ...answersOf(driven),
    ...(usualRisks ? { 'accepted-risk': (open: OpenGate) => (usualRisks.test(open.question) ? (choicesOf(open)[0] ?? null) : null) } : {}),
  };
}

/** Of a procedure's own gates the word that lets it go on; undefined for a gate that all procedures have. */
export function wordFor({ answers }: Driven, { gate }: Pick<OpenGate, 'gate'>): Words | undefined {
  return Object.entries(answers).find(([id]) => gate.startsWith(id))?.[1];
}

/** What can be voted for, as people type it, in the gate's order. */
export const choicesOf = ({ choices }: Pick<OpenGate, 'choices'>): readonly string[] => choices.map((line) => line.split(': ')[0] ?? '');

/** The first choice with this word, with the value that it is offered with; throws when the gate offers none. */
export function choiceWith(gate: Pick<OpenGate, 'gate' | 'choices'>, words: Words): string {
  const [choice] = [words].flat().flatMap((word) => choicesOf(gate).filter((offered) => offered.split(' ')[0] === word));
  if (choice === undefined)
    throw new Error(
      `The gate ${gate.gate} does not offer "${[words].flat().join(', ')}": ${choicesOf(gate).join(', ')}. Mend the answers of its procedure in test/driven.`,
    );
  return choice;
}

/** The runbook of a procedure; throws when the plan has none. */
export function runbookOf(plan: Plan, procedure: string): Procedure {
  const runbook = (plan.procedures as Readonly<Record<string, Procedure | undefined>>)[procedure];
  if (!runbook) throw new Error(`The plan ${plan.plan.name} has no procedure ${procedure}.`);
  return runbook;
}

/** Who starts runs in tests, and so has no vote: the last who might have decided whether it begins. */
export function starterOf(plan: Plan, { procedure, beginsAt }: Pick<Driven, 'procedure' | 'beginsAt'>): string {
  const gate = runbookOf(plan, procedure).gates.find(({ id }) => id === beginsAt);
  return membersOf(plan, gate?.electorate ?? []).at(-1) ?? '';
}

/** The site with a role; throws when the plan has none. */
export function siteWith(plan: Plan, role: Plan['sites'][number]['role']): string {
  const site = plan.sites.find((candidate) => candidate.role === role);
  if (!site) throw new Error(`The plan ${plan.plan.name} has no ${role} site.`);
  return site.id;
}
