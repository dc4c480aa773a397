/** Goal: each law about people, channels, messages, levels and ways back finds exactly the defect that was made, and nothing else. */
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findProblems, lintPlan } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';

const plans = resolve(import.meta.dirname, '../../plan');
let plan: Plan;

beforeAll(async () => {
  plan = (await loadPlan(resolve(plans, 'erlmcp'))).plan;
});

/** What all laws together find after a change to the plan of erlmcp that they did not find before. */
function newFindings(change: (draft: Plan) => void): string[] {
  const lines = (checked: Plan): string[] => findProblems(checked).map(({ level, rule, path, message }) => `${level} ${rule} ${path.join('.')}: ${message}`);
  const before = new Set(lines(plan));
  const draft = structuredClone(plan);
  change(draft);
  return lines(draft).filter((line) => !before.has(line));
}

/** The item of a list with this id. */
function item<T extends { readonly id: string }>(list: readonly T[], id: string): T {
  const found = list.find((entry) => entry.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

test('the skeleton that people begin with raises what is to be filled in, and that a witness of the epoch would be wise', async () => {
  const { findings, usable } = await lintPlan(resolve(plans, 'skeleton'));
  expect(usable).toBe(false);
  expect([...new Set(findings.map(({ rule }) => rule))]).toEqual(['examples-replaced', 'epoch-quorum']);
  expect(findings.map(({ path }) => path)).toContain('estate.sites.site-a.agent.hostKey');
});

describe('people', () => {
  test('somebody who may vote has a phone', () => {
    expect(newFindings((draft) => delete item(draft.people, 'carol-brown').phone)).toEqual([
      'warning people-reachable people.4: Carol Brown has no phone, and level 0 calls this person. Add the number, or accept this with a note.',
    ]);
  });

  test('somebody whom only a gate asks has a phone', () => {
    const found = newFindings((draft) => {
      draft.people.push({ id: 'dora', name: 'Dora', title: 'Auditor', email: 'dora@example.com' });
      item(draft.groups, 'command-staff').members.push('dora');
    });
    expect(found).toEqual([
      'warning people-reachable people.5: Dora has no phone, and the gate "activation" asks this person. Add the number, or accept this with a note.',
    ]);
  });

  test('somebody whom nobody asks or calls needs none', () => {
    expect(newFindings((draft) => draft.people.push({ id: 'dora', name: 'Dora', title: 'Auditor', email: 'dora@example.com' }))).toEqual([]);
  });

  test('a group that is called has a member with a phone', () => {
    const found = newFindings((draft) => {
      draft.people.push({ id: 'dora', name: 'Dora', title: 'Auditor', email: 'dora@example.com' });
      draft.groups.push({ id: 'auditors', name: 'Auditors', members: ['dora'] });
      draft.escalation[2]!.responders.push('auditors');
    });
    expect(found).toEqual([
      'warning people-reachable people.5: Dora has no phone, and level 2 calls this person. Add the number, or accept this with a note.',
      'warning people-reachable groups.6: Nobody of Auditors has a phone, and level 2 calls them. Add a number, or a member who has one.',
    ]);
  });

  test('a contact that is called has a phone', () => {
    const found = newFindings((draft) => {
      delete item(draft.contacts, 'security-team').phone;
      draft.escalation[3]!.responders.push('security-team');
    });
    expect(found).toEqual([
      'warning people-reachable contacts.6: Security team has no phone, and level 3 calls it. Add the number, or accept this with a note.',
    ]);
  });

  test('a quorum is met by those with a phone, whoever of them starts the run', () => {
    const found = newFindings((draft) => {
      item(draft.procedures.regionalFailover.gates, 'activation').electorate = ['executives', 'watchers'];
      draft.groups.push({ id: 'watchers', name: 'Watchers', members: ['dora'] });
      draft.people.push({ id: 'dora', name: 'Dora', title: 'Auditor', email: 'dora@example.com' });
    });
    expect(found.filter((line) => line.includes('quorum'))).toEqual([
      'warning quorum-reachable procedures.regionalFailover.gates.0.quorum: 2 must agree, and of the 3 who may vote 2 can be reached by phone, one of whom may be the starter. Add phones, or add a group to the electorate.',
    ]);
    expect(found.filter((line) => !line.includes('people-reachable'))).toHaveLength(1);
  });
});

describe('levels', () => {
  test('one above every possible score is never called', () => {
    expect(newFindings((draft) => (draft.escalation[3]!.fromScore = 181))).toEqual([
      'warning level-fires escalation.3.fromScore: No incident calls level 3: the points add up to 0, 30, 50, 80, 100, 130, 150, 180, and none of these falls to it. Change its fromScore or the points, or accept this with a note on who calls it by hand.',
    ]);
  });

  test('one between two possible scores is never called', () => {
    const found = newFindings((draft) => {
      draft.escalation[1]!.fromScore = 31;
      draft.escalation[2]!.fromScore = 40;
    });
    expect(found).toEqual([expect.stringMatching(/^warning level-fires escalation\.1\.fromScore: No incident calls level 1:/)]);
  });

  test('one with the threshold of another is one finding, not two', () => {
    expect(newFindings((draft) => (draft.escalation[3]!.fromScore = 130))).toEqual([
      expect.stringMatching(/^error escalation-rises escalation\.3\.fromScore:/),
    ]);
  });
});

describe('messages', () => {
  test('a placeholder of the message that a run sends is one that a run fills', () => {
    expect(newFindings((draft) => item(draft.communication.templates, 'failover-complete').placeholders.push('outage'))).toEqual([
      'error placeholders-filled communication.templates.2: A run sends this template and has no value for outage: people would read [unknown: outage]. A run fills incidentId, status, from, to, failedSince, duration, loss, nextSteps; use these, or take the others out.',
    ]);
  });

  test('a message that people send says what they must fill in', () => {
    const change = (draft: Plan): void => {
      draft.communication.templates.push({ id: 'x', name: 'X', audience: 'internal', file: 'x', placeholders: ['from', 'mood'] });
    };
    expect(newFindings(change)).toEqual([
      expect.stringMatching(/^warning placeholders-filled communication\.templates\.6: No run sends this template, and nothing fills mood:/),
    ]);
  });
});

describe('channels', () => {
  test('one without groups and without a page reaches nobody', () => {
    expect(newFindings((draft) => delete item(draft.communication.channels, 'status-page').url)).toEqual([
      expect.stringMatching(/^warning channel-contacts communication\.channels\.4: The channel names no group and no page/),
    ]);
  });

  test('one that no level calls is used in no incident', () => {
    expect(newFindings((draft) => draft.escalation[3]!.channels.splice(7, 1))).toEqual([
      'warning channel-used communication.channels.7: No escalation level calls this channel, by its id or by twitter or linkedin. Name it in the channels of a level, or remove it.',
    ]);
  });
});

describe('ways back', () => {
  test('the bound of the fence holds for taking it back from a silent site', () => {
    expect(newFindings((draft) => (draft.estate.ssh.connectTimeout = 'PT8S'))).toEqual([
      'error undo-within-bound procedures.regionalFailover.steps.5.bound: The bound PT45S also holds for the way back, which takes up to 47 s when the failed site is silent: ending the watch for its return, and four connections of PT8S. Raise the bound, or shorten estate.ssh.connectTimeout.',
      'error undo-within-bound procedures.coldStart.steps.6.bound: The bound PT45S also holds for the way back, which takes up to 47 s when the failed sites are silent: ending the watches for their return, and four connections of PT8S. Raise the bound, or shorten estate.ssh.connectTimeout.',
    ]);
  });

  test('a recovery is watched as long as a failure was', () => {
    expect(newFindings((draft) => (draft.procedures.regionalFailover.watch = 'PT59S'))).toEqual([
      'warning watch-as-long-as-hold procedures.regionalFailover.watch: A failure is believed after PT1M, and the recovery already after PT59S. Watch at least as long, or accept this with a note.',
    ]);
  });
});
