/** Parts of the plan that no procedure uses yet: they are checked, and carried as data. */
import { z } from 'zod';
import { identifier, line, percent, text } from './common.ts';
import { countIn, durationIn, listOf } from './ranges.ts';

const id = identifier.describe('Id of the entry.');
const name = line.describe('Name for people.');
const within = (what: string, example = 'P1D') =>
  durationIn({ from: 'PT0S', to: 'P366D', why: 'at once, up to a year, after which a plan is another one', example }, what);
const lines = (what: string) => listOf(text, { min: 1, max: 100 }, what);

export const staffingLevel = z
  .strictObject({
    level: countIn({ from: 0, to: 3, why: 'there are four levels' }, 'The level.'),
    name,
    roles: listOf(
      z.strictObject({
        role: line.describe('What the person does.'),
        count: countIn({ from: 1, to: 1000, why: 'a role that nobody fills is none, and no incident takes more people' }, 'How many are needed.'),
        within: within('How soon.', 'PT1H'),
      }),
      { min: 1, max: 100 },
      'Who is needed.',
    ),
  })
  .describe('How many people an incident takes.');

export const backup = z
  .strictObject({
    id,
    method: text.describe('How it is made.'),
    frequency: durationIn(
      { from: 'PT1M', to: 'P366D', why: 'what is made more often is continuous, and a plan is reviewed each year', example: 'P1D' },
      'How often it is made. Absent: continuous.',
    ).optional(),
    retention: line.describe('How long it is kept.'),
    recoveryPoint: within('How much work it may leave out.').optional(),
  })
  .describe('A backup.');

export const scenario = z
  .strictObject({
    id,
    name,
    description: text.describe('What is assumed to have happened.'),
    timesPerYear: countIn(
      { from: 1, to: 366, why: 'what is not drilled once a year is no drill, and nobody drills twice a day' },
      'How often it is drilled, times a year.',
    ),
    participants: lines('Who takes part.'),
    steps: lines('What is done.'),
  })
  .describe('What a drill exercises.');

export const checklist = z
  .strictObject({
    id,
    name,
    due: within('When all of it is done, from the start of the incident.').optional(),
    items: listOf(z.strictObject({ title: line.describe('What it is about.'), tasks: lines('What to do.') }), { min: 1, max: 100 }, 'What is ticked off.'),
  })
  .describe('What people tick off.');

export const review = z
  .strictObject({
    agenda: lines('What is talked about.'),
    participants: lines('Who takes part.'),
    deliverables: lines('What comes out of it.'),
    deadlines: z
      .strictObject({
        initial: within('For the first meeting.'),
        full: within('For the whole review.'),
        actions: within('For what was decided there.'),
      })
      .describe('Deadlines from the end of the incident.'),
  })
  .describe('The review after an incident.');

export const team = z
  .strictObject({
    id,
    name,
    lead: line.describe('Who leads it.'),
    members: listOf(line, { max: 200 }, 'Who is in it.'),
    responsibilities: lines('What it does.'),
  })
  .describe('A team of the response.');

export const record = z
  .strictObject({
    drills: listOf(
      z.strictObject({
        date: z.iso.date().meta({ description: 'Day of the drill.', examples: ['2026-02-02'] }),
        scenario: line.describe('Id of the scenario.'),
        duration: within('How long the drill took.'),
        failoverTime: within('How long the failover took.'),
        success: z.boolean().describe('Whether it reached its end.'),
        dataConsistent: z.boolean().describe('Whether the data was whole.'),
      }),
      { max: 1000 },
      'Drills so far.',
    ),
    compliance: listOf(
      z.strictObject({
        id,
        targetPercent: percent.describe('What is aimed at.'),
        currentPercent: percent.describe('What is so.'),
        trend: line.describe('Where it goes.'),
      }),
      { max: 200 },
      'Figures of compliance.',
    ),
  })
  .describe('What is on record so far.');
