/** Goal: as many messages as Temporal itself lets anybody send to a run cost it nothing. Method: a dev server with its own limits, a worker on a model of an estate, random messages until the server takes no more. */
import { defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRunWorkflowId } from '../../client/index.ts';
import { strangeMessages } from '../simulation/messages.ts';
import { FakeEstate } from '../model/estate.ts';
import { type RawPayload, signalRaw } from '../support/raw-messages.ts';
import { until } from '../support/until.ts';
import { Stage } from './support.ts';

/** So many signals a server takes for one execution, unless its operator says otherwise. */
const serverMax = 10_000;
/** A history of more than 50 MB is ended by the server, whoever wrote it (docs/operations.md): texts are shorter here, on average. */
const longestPayload = 4_000;
const atATime = 100;
const seed = Number(process.env['DR_SEED'] ?? 20260302);

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => stage?.close());

/** Signals of strangers without end. */
function* signals(): Generator<{ readonly name: string; readonly payload: RawPayload }> {
  for (const { channel, name, times, payload } of fc.sample(strangeMessages, { numRuns: serverMax, seed }).flat()) {
    const raw = 'json' in payload ? (defaultPayloadConverter.toPayload(payload.json) as RawPayload) : payload;
    if (channel !== 'signal' || (raw.data?.length ?? 0) > longestPayload) continue;
    for (let time = 0; time < times; time += 1) yield { name, payload: raw };
  }
}

/** Sends until the server refuses one for its number; answers how many it took. */
async function sendUntilFull(workflowId: string): Promise<number> {
  const waiting = signals();
  let taken = 0;
  let full = false;
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const { name, payload } of waiting) {
        if (full) return;
        const refused = await signalRaw({ client: stage.env.client, workflowId }, name, [payload]).then(() => null, (error: Error) => error); // prettier-ignore
        if (refused?.message.includes('limit')) full = true;
        else if (refused) throw refused;
        else taken += 1;
      }
    }),
  );
  return taken;
}

it('a run that was told all that the server lets in is decided by its people, and ends as it would have', { timeout: 240_000 }, async () => {
  const runId = makeRunWorkflowId(stage.plan.plan.estate.name);
  const estate = new FakeEstate(stage.plan);
  estate.dead.add('us-east-1');
  await stage.with(estate, async () => {
    await stage.client.start('regionalFailover', {
      estate: 'erlmcp-production',
      from: 'us-east-1',
      to: 'eu-central-1',
      startedBy: 'carol-brown',
      mode: 'live',
    });
    const { gate } = await until('the gate opens', async () => {
      const view = await stage.client.status(runId);
      return view.state === 'running' ? (view.status.gate ?? undefined) : undefined;
    });
    expect(await sendUntilFull(runId)).toBeGreaterThanOrEqual(serverMax - atATime);
    await expect(signalRaw({ client: stage.env.client, workflowId: runId }, 'approve', [])).rejects.toThrow('limit');
    const status = await stage.dr('status');
    expect(status.code, status.err).toBe(0);
    expect(status.out.split('\n').length, 'one screen').toBeLessThan(120);
    for (const who of ['jane-smith', 'john-doe']) {
      const voted = await stage.dr('approve', '--gate', gate, '--as', who, '--reason', 'evidence seen');
      expect(voted.code, voted.err).toBe(0);
    }
    const report = await stage.client.result(runId);
    expect(report.outcome, report.summary).toBe('recovered');
    expect(JSON.stringify(report).length).toBeLessThan(400_000);
  });
});
