/** Talks to a lab's supervisor. */
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { LabAddresses } from '../addresses.ts';
import { startTicks } from '../child.ts';
import { isRunning } from '../process-tree.ts';
import { checkLabName, repositoryRoot, stateRoot } from '../paths.ts';

/** An error whose message is for people, without a stack. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

export interface LabHandle {
  readonly name: string;
  /** Folder of all labs. */
  readonly root: string;
  readonly directory: string;
  readonly repository: string;
}

export function labHandle(name: string): LabHandle {
  const repository = repositoryRoot();
  const root = stateRoot(repository);
  return { name: checkLabName(name), root, directory: join(root, name), repository };
}

/** Addresses of a lab that was started at least once; null before. */
export function addressesOf({ root, name }: LabHandle): LabAddresses | null {
  for (let index = 10; index <= 250; index++) {
    const file = join(root, '.indexes', String(index));
    if (existsSync(file) && readFileSync(file, 'utf8').trim() === name) return new LabAddresses(index);
  }
  return null;
}

/** Pid of the lab's supervisor when it runs, else null. */
export function supervisorPid(lab: LabHandle): number | null {
  return recordedPid(join(lab.directory, 'pids', 'supervisor'));
}

/** The pid of a record `PID STARTED` when that very process still runs, else null. */
export function recordedPid(file: string): number | null {
  if (!existsSync(file)) return null;
  const [pid, started] = readFileSync(file, 'utf8').trim().split(' ').map(Number) as [number, number | undefined];
  return started !== undefined && startTicks(pid) === started && isRunning(pid) ? pid : null;
}

/** POST to a verb. Throws LabError with the lab's own sentence when it refuses, and with what to do when it does not answer. */
export async function call<Answer = unknown>(lab: LabHandle, verb: string, body: unknown = {}, withinMs = 60_000): Promise<Answer> {
  const addresses = addressesOf(lab);
  if (!addresses || supervisorPid(lab) === null)
    throw new LabError(`The lab "${lab.name}" is not up. Nothing was changed. Start it with: dr-lab up --lab ${lab.name}`);
  const { status, text } = await post(addresses.control, verb, JSON.stringify(body), withinMs);
  const answer = JSON.parse(text) as { error?: string };
  if (status !== 200) throw new LabError(answer.error ?? `The lab answered ${status} to ${verb}.`);
  return answer as Answer;
}

function post(
  { host, port }: { readonly host: string; readonly port: number },
  verb: string,
  body: string,
  withinMs: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path: `/${verb}`, method: 'POST', headers: { 'content-type': 'application/json' }, timeout: withinMs }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
    });
    sent.on('timeout', () =>
      sent.destroy(new LabError(`The lab did not answer ${verb} within ${withinMs / 1000} s. It may still do it: look at dr-lab status.`)),
    );
    sent.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error instanceof LabError
          ? error
          : new LabError(`The lab's supervisor does not answer (${error.code ?? error.message}). Nothing was changed. End what is left with dr-lab down.`),
      ),
    );
    sent.end(body);
  });
}
