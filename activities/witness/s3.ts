/** One object in S3 that holds the epoch. It is written only if it is still what was read, so that of two runs that write at once one is refused. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ApplicationFailure } from '@temporalio/common';
import { parseEpoch } from '../../plan/rules/epochs.ts';
import { witnessesOf, witnessKey } from '../../plan/rules/holders.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Witness } from '../../plan/schema/witness.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type HeldEpoch, mustBeNewest, mustBeWithinReach } from '../epoch.ts';
import { endsTheRun, errorTypeOf, failure } from '../errors.ts';
import { unlessSecretMissing } from '../secret-missing.ts';
import { mustHoldTask } from '../task.ts';
import type { WitnessState } from './port.ts';

type Secrets = Pick<ActivityDependencies, 'secret'>;

/** A store that is gone does not refuse, it is silent; a majority is had without it, or people are asked. */
const impatientMilliseconds = 2_000;
/** Another run may write at the same moment; what it wrote is read, and decides. */
const triesMax = 3;
/** An epoch and the name of an execution, and nothing else, is what a run writes. */
const objectBytesMax = 2_000;
const content = /^epoch=(\d{1,30})(?: run=(\S*))?\s*$/;

/** What was read, and by which mark the object is known; undefined where there is none yet. */
interface Held extends HeldEpoch {
  readonly etag: string | undefined;
}

export interface WitnessObject {
  /** For people, such as `s3://bucket/key`. */
  readonly place: string;
  /** Throws failures of the catalogue; `refused` for an object that holds no epoch. */
  read(): Promise<Held>;
  /** Whether the object was still what `held` says, and holds the run's epoch now. */
  write(held: Held, run: RunContext): Promise<boolean>;
  close(): void;
}

export async function openWitness(plan: Plan, witness: Witness, dependencies: Secrets): Promise<WitnessObject> {
  const { bucket: Bucket, endpoint } = witness;
  const Key = witnessKey(plan, witness);
  const place = `s3://${Bucket}/${Key}`;
  // Whoever answers at another endpoint has no name for each bucket.
  const client = new S3Client({ ...(await awsClientOptions(witness, witness.credentials, dependencies)), forcePathStyle: endpoint !== undefined });
  return {
    place,
    async read() {
      const within = bounded(impatientMilliseconds);
      try {
        // One byte more than fits, so that what is longer is not taken for its beginning. What is sent is read to its end: a body that nobody reads fails unheard when the client closes.
        const answer = await client.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=0-${objectBytesMax}` }), within);
        return { ...epochIn(place, await beforeAbort(within.abortSignal, answer.Body?.transformToString() ?? '')), etag: answer.ETag };
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return { epoch: 0, holder: '', etag: undefined };
        // An empty object has no first byte.
        if (error instanceof Error && error.name === 'InvalidRange') throw noEpoch(place, '');
        return rethrowAws(`Reading ${place}`, 'Nothing was written.')(error);
      }
    },
    async write({ etag }, run) {
      const still = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
      const command = new PutObjectCommand({ Bucket, Key, Body: `epoch=${run.epoch} run=${run.execution}\n`, ContentType: 'text/plain', ...still });
      try {
        await client.send(command, boundedChange(impatientMilliseconds));
        return true;
      } catch (error) {
        if (isOvertaken(error)) return false;
        return rethrowAws(`Writing ${place}`, 'Whether it was written is read at the next attempt.')(error);
      }
    },
    close: () => client.destroy(),
  };
}

/** Somebody wrote it, is writing it, or deleted it, since it was read. */
function isOvertaken(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'PreconditionFailed' || name === 'ConditionalRequestConflict' || name === 'NoSuchKey' || $metadata?.httpStatusCode === 412;
}

/** The SDK lets go of the signal with the head of an answer; the body may be silent all the same. */
function beforeAbort<T>(signal: AbortSignal, value: T | Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  return Promise.race([value, aborted]);
}

function epochIn(place: string, text: string): HeldEpoch {
  const [, digits = '', holder = ''] = (text.length <= objectBytesMax && content.exec(text)) || [];
  const epoch = parseEpoch(digits);
  if (epoch !== undefined) return { epoch, holder };
  throw noEpoch(place, text);
}

function noEpoch(place: string, text: string): ApplicationFailure {
  return failure('refused', {
    happened: `${place} holds ${JSON.stringify(text.slice(0, 80))}, which is no epoch.`,
    leftAs: 'Nothing was written.',
    next: 'Write "epoch=EPOCH run=RUN" there as the site agents tell them (docs/operations.md, "Epochs"), then choose retry.',
  });
}

/** What a witness of the plan holds. What keeps it from being read is a value. */
export function readWitness(dependencies: Secrets, plan: Plan, name: string): Promise<WitnessState> {
  return unlessSecretMissing(
    () =>
      withWitness(dependencies, plan, name, async (object) => {
        const { epoch, holder } = await object.read();
        return { witness: name, reachable: true, epoch, holder };
      }),
    (reason) => ({ witness: name, reachable: false, reason }),
  );
}

/** Stores the run's epoch at a witness of the plan. No answer is a value; a guard's no, and what must be mended first, is thrown. */
export function claimWitness(dependencies: Secrets, plan: Plan, run: RunContext, name: string): Promise<WitnessState> {
  return withWitness(
    dependencies,
    plan,
    name,
    async (object) => {
      for (let tries = 1; tries <= triesMax; tries += 1) {
        const held = await object.read();
        mustBeNewest(`The witness ${name}`, held, run, 'Nothing was written there.');
        mustBeWithinReach(`the witness ${name}`, held, run, 'Nothing was written there.');
        const ours = held.epoch === run.epoch && held.holder === run.execution;
        if (ours || (await object.write(held, run))) return { witness: name, reachable: true, epoch: run.epoch, holder: run.execution };
      }
      return { witness: name, reachable: false, reason: `others write ${object.place} at the same time` };
    },
    (error) => errorTypeOf(error) !== 'transient',
  );
}

async function withWitness(
  dependencies: Secrets,
  plan: Plan,
  name: string,
  work: (object: WitnessObject) => Promise<WitnessState>,
  isThrown: (error: ApplicationFailure) => boolean = endsTheRun,
): Promise<WitnessState> {
  const witness = witnessesOf(plan).find((candidate) => candidate.name === name);
  if (!witness) throw failure('refused', { happened: `The plan's estate has no witness "${name}".`, leftAs: 'Nothing was asked and nothing was written.' });
  const object = await openWitness(plan, witness, dependencies);
  try {
    return await work(object);
  } catch (error) {
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || isThrown(error)) throw error;
    return { witness: name, reachable: false, reason: withoutHint(error.message) };
  } finally {
    object.close();
  }
}
