/** Goal: a witness keeps the highest epoch, and of two runs that write at once one is refused. Method: the emulator, which takes conditional writes; a server that answers what a test says for the rest. Nothing here is AWS itself. */
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkWitnesses } from '../../../activities/access/witnesses.ts';
import type { RunContext } from '../../../activities/context.ts';
import { createWitnessActivities } from '../../../activities/witness/activities.ts';
import { openWitness } from '../../../activities/witness/s3.ts';
import { witnessesOf } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import { credentials, dependenciesOf, Moto, older, run } from './support.ts';

const region = 'eu-central-1';
const Key = 'dr-epoch/box-office';
const newer: RunContext = { ...run, execution: 'recovery/tickets@2', epoch: 5 };
let moto: Moto;
let api: S3Client;
let endpoint: string;
let bucket: string;
let made = 0;

function plan(): Plan {
  const place = { region, endpoint, credentials: { accessKeyId: 'env:A', secretAccessKey: 'env:B' } };
  return { sites: [], estate: { name: 'box-office', witnesses: [{ name: 'frankfurt', bucket, ...place }] } } as unknown as Plan;
}

const dependencies = dependenciesOf(plan, () => new Map());
const { claimWitness, readWitnesses } = createWitnessActivities(dependencies);
const claim = (context: RunContext) => claimWitness({ run: context, witness: 'frankfurt' });
const check = () => checkWitnesses(plan(), dependencies);
const put = (Body: string) => api.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
const stored = async () => (await api.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();
const object = () => {
  const [witness] = witnessesOf(plan());
  if (!witness) throw new Error('the plan has no witness');
  return openWitness(plan(), witness, dependencies);
};
const ours = { witness: 'frankfurt', reachable: true, epoch: 4, holder: 'recovery/tickets@1' };

beforeAll(async () => {
  moto = await Moto.start();
  api = new S3Client({ region, endpoint: moto.endpoint, credentials, forcePathStyle: true });
});
afterAll(async () => {
  api?.destroy();
  await moto?.stop();
});
beforeEach(async () => {
  endpoint = moto.endpoint;
  bucket = `dr-epoch-${(made += 1)}`;
  await api.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
});

describe('at the emulator', () => {
  test('it holds nothing before the first run, then what a run has stored, and the same run stores it once', async () => {
    expect(await readWitnesses({ run })).toEqual([{ witness: 'frankfurt', reachable: true, epoch: 0, holder: '' }]);
    expect(await claim(run)).toEqual(ours);
    expect(await stored()).toBe('epoch=4 run=recovery/tickets@1\n');
    expect(await claim(run), 'a reply that was lost').toEqual(ours);
    expect(await readWitnesses({ run })).toEqual([ours]);
  });

  test('a newer run overtakes an older one, which is refused from then on, as is another run of the same epoch', async () => {
    await claim(older);
    expect(await claim(run)).toEqual(ours);
    await expect(claim(older)).rejects.toMatchObject({ type: 'stale-epoch' });
    await expect(claim({ ...run, execution: 'recovery/tickets@9' })).rejects.toMatchObject({ type: 'stale-epoch' });
    expect(await readWitnesses({ run })).toEqual([ours]);
  });

  test('of two runs that write at once one wins, and the older one never does afterwards', async () => {
    const [one, other] = await Promise.allSettled([claim({ ...newer, epoch: 4 }), claim(run)]);
    expect([one.status, other.status].toSorted((a, b) => a.localeCompare(b))).toEqual(['fulfilled', 'rejected']);
    const [held] = await readWitnesses({ run });
    expect(held).toEqual((one.status === 'fulfilled' ? one : (other as PromiseFulfilledResult<unknown>)).value);
  });

  test('what was written since it was read is not written over, whether it was there before or not', async () => {
    const [mine, theirs] = await Promise.all([object(), object()]);
    const nothing = await mine.read();
    expect(await theirs.write(await theirs.read(), newer)).toBe(true);
    expect(await mine.write(nothing, run), 'If-None-Match').toBe(false);
    const read = await mine.read();
    expect(await theirs.write(await theirs.read(), { ...newer, epoch: 6 })).toBe(true);
    expect(await mine.write(read, { ...run, epoch: 7 }), 'If-Match').toBe(false);
    await api.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    expect(await mine.write(read, { ...run, epoch: 7 }), 'deleted').toBe(false);
    mine.close();
    theirs.close();
  });

  test('an epoch that no run can have reached is refused, and nothing is written', async () => {
    await put('epoch=1');
    await expect(claim({ ...run, epoch: 1002 })).rejects.toMatchObject({ type: 'refused', message: expect.stringContaining('more than 1000 above 1') });
    expect(await stored()).toBe('epoch=1');
    expect(await claim(run), 'what people have written by hand has no run').toEqual(ours);
  });

  test.each([
    ['a word', 'hello'],
    ['no number', 'epoch=eight'],
    ['nothing', ''],
    ['a text without end', `epoch=4 run=${'x'.repeat(3_000)}`],
  ])('%s is no epoch: it is not read as 0, and not written over', async (_what, text) => {
    await put(text);
    expect(await readWitnesses({ run })).toEqual([{ witness: 'frankfurt', reachable: false, reason: expect.stringContaining('which is no epoch') }]);
    await expect(claim(run)).rejects.toMatchObject({ type: 'refused' });
    expect(await stored()).toBe(text);
  });

  test('a bucket that is not there is a value to whoever reads, and for people where it is claimed', async () => {
    bucket = 'nobody-has-made-this';
    expect(await readWitnesses({ run })).toEqual([{ witness: 'frankfurt', reachable: false, reason: expect.stringContaining('NoSuchBucket') }]);
    await expect(claim(run)).rejects.toMatchObject({ type: 'permanent' });
    expect(await check()).toMatchObject([{ result: 'lacking', add: { line: `aws s3 mb s3://${bucket} --region ${region}` } }]);
  });

  test('the check of an estate reads it, and does not write', async () => {
    expect(await check()).toMatchObject([{ what: 'witness frankfurt', result: 'ok', detail: expect.stringContaining('holds no epoch yet') }]);
    await claim(run);
    expect(await check()).toMatchObject([{ result: 'ok', detail: expect.stringContaining('holds epoch 4 of recovery/tickets@1') }]);
  });
});

describe('where the store does not answer, or says no', () => {
  let server: Server;
  let answer: (request: { readonly method: string }) => { readonly status: number; readonly body: string } | 'silence' | 'half an answer';

  beforeEach(async () => {
    server = createServer((request, response) => {
      const said = answer({ method: request.method ?? '' });
      if (said === 'silence') return;
      if (said === 'half an answer') return void response.writeHead(200, { 'content-length': '30' }).write('epoch=4');
      response.writeHead(said.status, { 'content-type': 'application/xml' }).end(said.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const refusal = (status: number, code: string) => ({ status, body: `<Error><Code>${code}</Code><Message>told by the test</Message></Error>` });

  test.each(['silence', 'half an answer'] as const)('%s is not waited for, and is a value', async (said) => {
    answer = () => said;
    const begun = Date.now();
    expect(await claim(run)).toEqual({ witness: 'frankfurt', reachable: false, reason: expect.stringContaining('no answer in time') });
    expect(await readWitnesses({ run })).toMatchObject([{ reachable: false }]);
    expect(Date.now() - begun).toBeLessThan(8_000);
  });

  test('an identity that may not read is told which rights it lacks', async () => {
    answer = () => refusal(403, 'AccessDenied');
    expect(await readWitnesses({ run })).toMatchObject([{ reachable: false, reason: expect.stringContaining('AccessDenied') }]);
    await expect(claim(run)).rejects.toMatchObject({ type: 'permanent' });
    const [found] = await check();
    expect(found).toMatchObject({ result: 'lacking', add: { where: 'IAM policy of this identity' } });
    for (const right of ['s3:GetObject', 's3:PutObject', 's3:ListBucket']) expect(found?.add?.line).toContain(right);
  });

  test('others who write it again and again keep the run from it, and it says so', async () => {
    answer = ({ method }) => (method === 'PUT' ? refusal(409, 'ConditionalRequestConflict') : refusal(404, 'NoSuchKey'));
    expect(await claim(run)).toMatchObject({ reachable: false, reason: expect.stringContaining('others write') });
  });

  test('a write whose answer is lost is no answer, and no refusal', async () => {
    answer = ({ method }) => (method === 'PUT' ? 'silence' : refusal(404, 'NoSuchKey'));
    expect(await claim(run)).toMatchObject({ reachable: false });
  });
});
