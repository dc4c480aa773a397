/** Messages as a client with another codec, or one that means harm, sends them: payloads byte for byte, past the SDK's own encoding. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';

export interface RawPayload {
  readonly metadata?: Readonly<Record<string, Uint8Array>>;
  readonly data?: Uint8Array;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const encoded = (encoding: string, data: Uint8Array): RawPayload => ({ metadata: { encoding: bytes(encoding) }, data });

/** Payloads that no workflow of ours can read, or that hold no message. */
export const foreignPayloads: Readonly<Record<string, RawPayload>> = {
  encrypted: encoded('binary/encrypted', bytes('{"who":"x"}')),
  protobuf: encoded('json/protobuf', bytes('{"who":"x"}')),
  'broken JSON': encoded('json/plain', bytes('{"who":')),
  'no JSON at all': encoded('json/plain', new Uint8Array(0)),
  'bytes that are no text': encoded('json/plain', Uint8Array.from([0xff, 0xfe, 0x00])),
  bytes: encoded('binary/plain', Uint8Array.from([1, 2, 3])),
  nothing: encoded('binary/null', new Uint8Array(0)),
  'no encoding': { data: bytes('{}') },
  'a name of an encoding without end': encoded('x'.repeat(10_000), bytes('{}')),
};

interface Target {
  readonly client: Client;
  readonly workflowId: string;
}

export async function signalRaw({ client, workflowId }: Target, signalName: string, payloads: readonly RawPayload[]): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.signalWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [...payloads] },
    requestId: randomUUID(),
  });
}

/** The message with which the update was refused. */
export async function updateRaw({ client, workflowId }: Target, name: string, payloads: readonly RawPayload[]): Promise<string> {
  const { namespace } = client.options;
  const { outcome } = await client.workflowService.updateWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    request: { meta: { updateId: randomUUID(), identity: 'test' }, input: { name, args: { payloads: [...payloads] } } },
    waitPolicy: { lifecycleStage: 3 }, // completed
  });
  return outcome?.failure?.message ?? 'not refused';
}

export async function queryRaw({ client, workflowId }: Target, queryType: string, payloads: readonly RawPayload[]): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.queryWorkflow({ namespace, execution: { workflowId }, query: { queryType, queryArgs: { payloads: [...payloads] } } });
}
