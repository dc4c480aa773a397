/** The plan's witnesses, tried by reading. Whether they may be written shows only when a run does. */
import { ApplicationFailure } from '@temporalio/common';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import { witnessesOf } from '../../plan/rules/holders.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Witness } from '../../plan/schema/witness.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { openWitness } from '../witness/s3.ts';
import { lacking, ok, type Subject, unreachable, words } from './checks.ts';
import { witnessPolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

type Secrets = Pick<ActivityDependencies, 'secret'>;

export function checkWitnesses(plan: Plan, dependencies: Secrets): Promise<readonly AccessCheck[]> {
  return Promise.all(witnessesOf(plan).map((witness) => checkWitness(plan, witness, dependencies)));
}

async function checkWitness(plan: Plan, witness: Witness, dependencies: Secrets): Promise<AccessCheck> {
  const subject: Subject = {
    what: `witness ${witness.name}`,
    steps: stepsThatReach('witnesses'),
    as: witness.credentials?.accessKeyId ?? "the SDK's own credentials",
  };
  const object = await openWitness(plan, witness, dependencies);
  try {
    const { epoch, holder, etag } = await object.read();
    const held = etag === undefined ? 'holds no epoch yet' : `holds epoch ${epoch}${holder === '' ? '' : ` of ${holder}`}`;
    return ok(subject, `${object.place} ${held}; writing is not tried`);
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type === 'transient') return unreachable(subject, words(error));
    return lacking(subject, withoutHint(error.message), whatHelps(plan, witness, error.message));
  } finally {
    object.close();
  }
}

function whatHelps(plan: Plan, witness: Witness, text: string): AccessCheck['add'] {
  if (/NoSuchBucket/.test(text))
    return { where: `shell with rights in ${witness.region}`, line: `aws s3 mb s3://${witness.bucket} --region ${witness.region}` };
  if (/AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|CredentialsProvider|ExpiredToken|Forbidden/.test(text))
    return { where: 'IAM policy of this identity', line: witnessPolicy(plan, witness) };
  return undefined;
}
