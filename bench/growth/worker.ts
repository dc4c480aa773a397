/**
 * A worker with the workflows of the build and activities that only pass each call on to the fakes. It notes how long each call took, and tells when it is asked.
 * Usage: worker TEMPORAL_ADDRESS BUNDLE FAKES_PORT; prints its port once it works.
 */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import type { FakeAnswer, FakeCall } from './fakes.ts';

const [address = '', bundle = '', fakesPort = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
/** Milliseconds of each call, by `<workflow id> <activity id>`. */
const calls = new Map<string, number>();

function ask<T>(method: 'GET' | 'POST', body?: FakeCall): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: Number(fakesPort), method, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as T));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function passOn(activity: string): (input: unknown) => Promise<unknown> {
  return async (input) => {
    const { workflowExecution, activityId } = Context.current().info;
    const startedAt = performance.now();
    const workflowId = workflowExecution?.workflowId ?? '';
    // `recovery/<estate>`, or `fence-on-return/<estate>/<site>` of the child.
    const estate = workflowId.split('/')[1] ?? '';
    const answer = await ask<FakeAnswer>('POST', { estate, activity, input });
    calls.set(`${workflowId} ${activityId}`, performance.now() - startedAt);
    if (answer.ok) return answer.value;
    throw ApplicationFailure.nonRetryable(answer.message, answer.type);
  };
}

Runtime.install({ logger: new DefaultLogger('WARN'), telemetryOptions: { logging: { filter: 'WARN', forward: {} } } });
const names = await ask<string[]>('GET');
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  // One worker for all estates: their cost is what is measured.
  taskQueue: taskQueueOf('growth'),
  workflowBundle: { codePath: bundle },
  activities: Object.fromEntries(names.map((name) => [name, passOn(name)])),
});
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(Object.fromEntries(calls)));
  calls.clear();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
await worker.run();
