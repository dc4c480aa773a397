/** Goal: a majority of all who hold an epoch has this run's before anything is changed, or people have accepted fewer by their number. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../../activities/context.ts';
import { electorate, endOf, estate, type Handle, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { FakeEstate } from '../../model/estate.ts';
import { statusQuery } from '../../../workflows/wire/messages.ts';

useFailovers();

/** Of the five holders two are left: eu-central-1 and ap-southeast-1. */
function loseMost(): void {
  estate.dead.add('dr');
  estate.zone = null;
}

async function asked(handle: Handle) {
  await vote(handle, 'approve', electorate.slice(0, 2), 'activation');
  return openGate(handle, 'accepted-risk');
}

/** What every activity of the run that changes the estate was told of the number that people accepted. */
function watchAccepted(): (number | undefined)[] {
  const told: (number | undefined)[] = [];
  estate.before = (name, input) => {
    if (/^(fence|promote|changeRecord|throwSwitch)/.test(name)) told.push((input as { run?: RunContext }).run?.holdersAccepted);
  };
  return told;
}

describe('where a majority holds the epoch', () => {
  it('nobody is asked, and the zone counts as one of them', async () => {
    estate.dead.add('dr');
    const told = watchAccepted();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.steps.find(({ id }) => id === 'claim-epoch')?.evidence).toBe('epoch 1 stored at eu-central-1, ap-southeast-1, the DNS zone: 3 of 5');
    expect(new Set(told)).toEqual(new Set([undefined]));
  });

  it("the failed site's agent is one of them, if it stores it", async () => {
    loseMost();
    estate.agentAnswers.add('us-east-1');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.steps.find(({ id }) => id === 'claim-epoch')?.evidence).toBe('epoch 1 stored at us-east-1, eu-central-1, ap-southeast-1: 3 of 5');
    expect(report.gates.map(({ gate }) => gate.replace(/-\w+$/, ''))).toEqual(['activation']);
  });

  it('one that answers again before the step has no time left is asked again, and nobody else', async () => {
    loseMost();
    estate.before = (name) => {
      if (name === 'readAgents' && estate.changed('claimEpoch').length > 0) estate.dead.delete('dr');
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    const sites = estate.changed('claimEpoch').map(({ site }) => site);
    expect(new Set(sites.slice(0, 2))).toEqual(new Set(['ap-southeast-1', 'eu-central-1']));
    expect(sites.slice(2)).toEqual(['dr']);
  });
});

describe('where two of five hold it', () => {
  it('people are told who does, who does not, why, and what that means, and nothing is changed before they answer', async () => {
    loseMost();
    const { gate, status } = await rig.with(estate, async () => {
      const handle = await start();
      const open = await asked(handle);
      const seen = await handle.query(statusQuery);
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      await endOf(handle);
      return { gate: open, status: seen };
    });
    expect(gate.question).toBe('2 of 5 hold epoch 1 of this run, and 3 are needed. Go on all the same?');
    expect(gate.choices.map((choice) => choice.split(':')[0])).toEqual(['hold-with-2', 'retry', 'undo']);
    expect(gate.evidence).toEqual([
      'Epoch 1 of this run is stored at eu-central-1, ap-southeast-1: 2 of 5. With 3 no other run could hold one without meeting it.',
      'us-east-1 has not stored it: no answer.',
      'dr has not stored it: no answer.',
      'the DNS zone has not stored it: no answer.',
      'Whoever goes on takes a risk: another run that reaches the others (us-east-1, dr, the DNS zone) would not be seen, nor see this one, and both would change the estate. See first that no other run goes on, on any Temporal server.',
    ]);
    expect(status.steps.find(({ id }) => id === 'claim-epoch')).toMatchObject({
      result: 'done',
      evidence: 'epoch 1 stored at eu-central-1, ap-southeast-1: 2 of 5',
    });
    expect(estate.changes().filter((name) => name !== 'claimEpoch' && name !== 'claimZone')).toEqual([]);
  });

  it('their number goes along with every later change, and the report says it first', async () => {
    loseMost();
    const told = watchAccepted();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await asked(handle);
      await vote(handle, 'hold-with-2', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions[0]).toBe(
      "The epoch was held by 2 of 5 (eu-central-1, ap-southeast-1) by people's decision, where 3 are needed: another run that reached the others would not have been seen.",
    );
    expect(new Set(told)).toEqual(new Set([2]));
    expect(estate.writers()).toEqual(['eu-central-1']);
  });

  it('another number than the one that was shown is refused', async () => {
    loseMost();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await asked(handle);
      await vote(handle, 'hold-with-3', electorate.slice(0, 2), 'accepted-risk');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(report.refusals?.kept.map(({ note }) => note).join(' ')).toContain('hold-with-3');
  });

  it('the others are asked again where people say so', async () => {
    loseMost();
    const told = watchAccepted();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await asked(handle);
      estate.zone = { epoch: 0, holder: '' };
      await vote(handle, 'retry', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.leftovers.join(' '), 'the zone was told in the end').not.toContain('DNS zone');
    expect(estate.zone).toMatchObject({ epoch: 1 });
    expect(new Set(told)).toEqual(new Set([undefined]));
  });

  it('a higher epoch that one of them has kept is overtaken when it answers again', async () => {
    loseMost();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await asked(handle);
      estate.zone = { epoch: 7, holder: 'recovery/before' };
      await vote(handle, 'retry', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.epoch).toBe(8);
    expect(estate.epochs.get('eu-central-1')?.epoch).toBe(8);
    expect(report.leftovers.join(' ')).not.toContain('DNS zone');
  });

  it('the epoch never falls, also where whoever has stored it is silent when the others are asked again', async () => {
    loseMost();
    estate.epochs.set('ap-southeast-1', { epoch: 7, holder: 'recovery/before' });
    estate.before = (name, { site }) => {
      if (name === 'claimEpoch' && site === 'eu-central-1') throw ApplicationFailure.nonRetryable('the disk is full', 'permanent');
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await asked(handle);
      estate.before = () => undefined;
      estate.dead.add('ap-southeast-1');
      estate.dead.delete('dr');
      estate.zone = { epoch: 0, holder: '' };
      await vote(handle, 'retry', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.epoch).toBe(8);
    expect(estate.zone?.epoch).toBe(8);
  });

  it('people are asked about them too where the time is over before the others could be looked at once more', async () => {
    loseMost();
    estate.before = (name) => {
      if (name === 'readAgents' && estate.changed('claimEpoch').length > 0) throw ApplicationFailure.retryable('no answer', 'transient');
    };
    const choices = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await asked(handle);
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      await endOf(handle);
      return gate.choices.map((choice) => choice.split(':')[0]);
    });
    expect(choices).toEqual(['hold-with-2', 'retry', 'undo']);
  });

  it('nobody who is silent is waited for where no answer of theirs would be enough', async () => {
    estate.before = (name) => {
      if (name === 'claimEpoch') throw ApplicationFailure.nonRetryable('the disk is full', 'permanent');
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await asked(handle);
      expect(gate.evidence.join(' ')).toContain('eu-central-1 has not stored it: the disk is full.');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    const { durationSeconds, waitedForPeopleSeconds = 0 } = report.steps.find(({ id }) => id === 'claim-epoch') ?? {};
    expect((durationSeconds ?? 99) - waitedForPeopleSeconds).toBeLessThan(10);
  });

  it('a dry run says that people would be asked', async () => {
    loseMost();
    const report = await rig.with(estate, async () => endOf(await start({ mode: 'dry-run' })));
    expect(report.timeline.map(({ text }) => text)).toContain('A live run would ask people: 2 of 5 holders of the epoch answer, and 3 are needed.');
    expect(estate.changes()).toEqual([]);
  });
});

describe('where nobody holds it', () => {
  it('there is no number to go on with', async () => {
    loseMost();
    estate.before = (name) => {
      if (name === 'claimEpoch') throw ApplicationFailure.nonRetryable('the disk is full', 'permanent');
    };
    const choices = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await asked(handle);
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      await endOf(handle);
      return gate.choices.map((choice) => choice.split(':')[0]);
    });
    expect(choices).toEqual(['retry', 'undo']);
  });
});

describe('with two witnesses', () => {
  const withWitnesses = (): FakeEstate => {
    const witnesses = ['oslo', 'lima'].map((name) => ({ name, region: 'eu-north-1', bucket: `${name}-epoch` }));
    const changed = new FakeEstate({ ...plan, plan: { ...plan.plan, estate: { ...plan.plan.estate, witnesses } } }, rig.clock);
    changed.dead.add('us-east-1');
    changed.dead.add('dr');
    changed.zone = null;
    return changed;
  };

  it('a majority is left, and nobody is asked', async () => {
    const model = withWitnesses();
    const report = await rig.with(model, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.steps.find(({ id }) => id === 'claim-epoch')?.evidence).toBe(
      'epoch 1 stored at eu-central-1, ap-southeast-1, the witness oslo, the witness lima',
    );
    expect([...model.witnesses.values()]).toEqual([expect.objectContaining({ epoch: 1 }), expect.objectContaining({ epoch: 1 })]);
  });

  it('the run takes an epoch above what one of them holds, and ends where a newer run is there first', async () => {
    const model = withWitnesses();
    model.witnesses.set('lima', { epoch: 4, holder: 'recovery/before' });
    model.before = (name) => {
      if (name === 'claimWitness') model.witnesses.set('oslo', { epoch: 9, holder: 'recovery/newer' });
    };
    const report = await rig.with(model, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.epoch).toBe(5);
    expect(report.outcome).toBe('aborted');
    expect(report.summary).toContain('The witness oslo holds epoch 9');
  });

  it('one that is slow keeps nobody waiting where a majority has stored it', async () => {
    const model = withWitnesses();
    model.dead.delete('dr');
    model.zone = { epoch: 0, holder: '' };
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (answer = resolve));
    model.before = async (name) => {
      if (name === 'claimWitness') await slow;
      if (name === 'promoteDatabase') answer();
    };
    const report = await rig.with(model, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect([...model.witnesses.values()]).toEqual([expect.objectContaining({ epoch: 1 }), expect.objectContaining({ epoch: 1 })]);
  });
});
