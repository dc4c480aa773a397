/** Whether the plan's address leads to what AWS has made: another server may hold the same cluster, the lost primary above all. */
import { lookup } from 'node:dns/promises';
import type { Endpoint } from '../../../plan/schema.ts';
import { failure } from '../../errors.ts';

/** `where`: the plan's own place, such as `estate.sites.dr.restore.database`. */
export async function mustLeadTo(planned: Endpoint, told: Partial<Endpoint> | undefined, where: string): Promise<void> {
  const { host, port } = told ?? {};
  if (host !== undefined && port !== undefined && planned.port === port && (await isSame(planned.host, host))) return;
  const is = host === undefined ? 'tells no address yet' : `gives ${host}:${port}`;
  throw failure(host === undefined ? 'transient' : 'permanent', {
    happened: `The plan has ${planned.host}:${planned.port} (${where}), and AWS ${is}.`,
    leftAs: 'What was restored was left as it is, and nobody is let in.',
    next: `Point the name ${planned.host} to it, then choose retry; or abort, write that address in the plan, and start again.`,
  });
}

async function isSame(one: string, other: string): Promise<boolean> {
  if (one.toLowerCase() === other.toLowerCase()) return true;
  const [these, those] = await Promise.all([one, other].map((name) => lookup(name, { all: true }).catch(() => [])));
  const known = new Set(those?.map(({ address }) => address));
  return these !== undefined && these.length > 0 && these.every(({ address }) => known.has(address));
}
