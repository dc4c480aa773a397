/** The clock of a run in words: of an outage, and of planned work. Pure. */
import { formatSeconds } from '../plan/durations.ts';
import type { Clock, OutageClock, PlannedClock, Report } from './report.ts';

/** What customers were without the service for, as a heading. */
export function awayTitle(clock: Clock | null): 'Outage' | 'Interruption' {
  return clock?.kind === 'planned' ? 'Interruption' : 'Outage';
}

/** How long the service was away, in one line. */
export function away(clock: Clock | null): string {
  if (!clock) return 'no failure is on record';
  const { figure, since, basis } = clock.kind === 'planned' ? interruption(clock) : outage(clock);
  const measured = /^\d/.test(figure);
  return `${figure}${measured ? '' : ','} ${clock.kind === 'planned' ? 'in planned work ' : ''}since ${since}${basis === 'asserted' ? ' (asserted by a person)' : ''}`;
}

/** The same for a page: the figure at a glance, and what belongs to it. `at` writes a moment. */
export function awayParts(clock: Clock | null, at: (moment: string) => string): { readonly text: string; readonly note: string } {
  if (!clock) return { text: 'none', note: 'no failure is on record' };
  const { figure, since, basis } = clock.kind === 'planned' ? interruption(clock) : outage(clock);
  return {
    text: figure,
    note: clock.kind === 'planned' ? `planned work since ${at(since)}` : `since ${at(since)}, ${basis === 'asserted' ? 'asserted by a person' : 'observed'}`,
  };
}

interface Away {
  readonly figure: string;
  /** RFC 3339. */
  readonly since: string;
  readonly basis?: OutageClock['failedSinceBasis'];
}

function outage({ failedSince: since, failedSinceBasis: basis, totalSeconds }: OutageClock): Away {
  return { figure: totalSeconds === 'not reached' ? 'not ended by this run' : formatSeconds(totalSeconds), since, basis };
}

function interruption({ begunAt: since, interruptionSeconds }: PlannedClock): Away {
  const figures = { none: 'none', 'not ended': 'not ended by this run' } as const;
  return { figure: typeof interruptionSeconds === 'number' ? formatSeconds(interruptionSeconds) : figures[interruptionSeconds], since };
}

/** Whether customers are still without the service at the end of the run. */
export function stillAway(clock: Clock | null): boolean {
  return clock?.kind === 'planned' ? clock.interruptionSeconds === 'not ended' : clock?.totalSeconds === 'not reached';
}

/** When what the clock counts began, for people and as RFC 3339. */
export function beganAt(clock: Clock): { readonly name: string; readonly at: string } {
  return clock.kind === 'planned' ? { name: 'begin of the work', at: clock.begunAt } : { name: 'first failure', at: clock.failedSince };
}

/** The clock of an outage; null in a report of planned work, and where no failure is on record. */
export function outageClock({ clock }: Pick<Report, 'clock'>): OutageClock | null {
  return clock?.kind === 'outage' ? clock : null;
}

/** A part of the clock. The parts of a clock that has run to its end make up its total. */
export interface ClockPart {
  readonly key: 'detection' | 'decision' | 'execution' | 'between' | 'routing' | 'ttl';
  readonly name: string;
  /** What it reaches from and to. */
  readonly meaning: string;
  readonly seconds: number;
}

export function clockParts(clock: Clock): readonly ClockPart[] {
  return clock.kind === 'planned' ? plannedParts(clock) : outageParts(clock);
}

function plannedParts({ decisionSeconds, preparationSeconds, interruptionSeconds }: PlannedClock): readonly ClockPart[] {
  return [
    { key: 'decision', name: 'Decision', meaning: 'begin of the work until people had answered', seconds: decisionSeconds },
    { key: 'execution', name: 'Preparation', meaning: 'while customers were served as before', seconds: preparationSeconds },
    ...(typeof interruptionSeconds === 'number'
      ? [{ key: 'routing', name: 'Interruption', meaning: 'until the last customer was served again', seconds: interruptionSeconds } as const]
      : []),
  ];
}

function outageParts(clock: OutageClock): readonly ClockPart[] {
  const { detectionSeconds, decisionSeconds, executionSeconds, routingSeconds, ttlSeconds, totalSeconds } = clock;
  const named = detectionSeconds + decisionSeconds + executionSeconds + routingSeconds + ttlSeconds;
  const between = totalSeconds === 'not reached' ? 0 : totalSeconds - named;
  return [
    { key: 'detection', name: 'Detection', meaning: 'first failed observation until people were asked', seconds: detectionSeconds },
    { key: 'decision', name: 'Decision', meaning: 'until people had answered', seconds: decisionSeconds },
    { key: 'execution', name: 'Execution', meaning: 'until verified and ready for traffic', seconds: executionSeconds },
    // Below a tenth of a second it is rounding, and no time that anybody spent.
    ...(between < 0.1 ? [] : [{ key: 'between', name: 'Between', meaning: 'until the route was changed', seconds: between } as const]),
    { key: 'routing', name: `Routing by ${clock.routingMethod}`, meaning: 'until the authoritative answer', seconds: routingSeconds },
    { key: 'ttl', name: 'TTL that was served', meaning: 'until the last cache has forgotten', seconds: ttlSeconds },
  ];
}
