/** What was done to the estate, counted where it was done: at the agents, in the databases, at Route 53, in mailbox, monitoring and report store. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labSites } from '../../lab/addresses.ts';
import { call, type LabHandle } from '../../lab/cli/call.ts';
import { storeSites } from '../../lab/settings.ts';
import { siteFolders } from '../../lab/site/folders.ts';

/** One change that took effect. */
export interface Effect {
  /** RFC 3339, or empty where the place keeps no times. */
  readonly at: string;
  /** `site-agent eu-central-1`, `route53`, `mailbox`, `monitoring`, `report store`. */
  readonly where: string;
  /** What was changed, the same for each repeat of it. */
  readonly what: string;
  /** The execution that did it, as far as the place knows. */
  readonly run: string;
}

export interface Effects {
  readonly effects: readonly Effect[];
  /** Timelines beyond the first that any database has seen: one for each promotion. */
  readonly timelines: readonly string[];
}

/** Everything since the lab's last reset. */
export async function readEffects(lab: LabHandle): Promise<Effects> {
  const effects = [...labSites.flatMap((site) => agentEffects(lab, site)), ...(await worldEffects(lab)), ...reportEffects(lab)];
  const timelines = storeSites.flatMap((site) => {
    const folder = join(siteFolders(lab.directory, site).pgdata, 'pg_wal');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.history')) : [];
  });
  return { effects, timelines: [...new Set(timelines)].toSorted() };
}

function agentEffects(lab: LabHandle, site: (typeof labSites)[number]): Effect[] {
  const file = join(siteFolders(lab.directory, site).agentState, 'changes.log');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [at = '', , run = '', what = '', before = '', after = ''] = line.split('\t');
    const took = before !== after && !['begun', 'refused', 'error'].includes(before);
    return took ? [{ at, where: `site-agent ${site}`, what, run }] : [];
  });
}

interface Call {
  readonly at: string;
  readonly status: number;
  readonly body: string;
}

async function worldEffects(lab: LabHandle): Promise<Effect[]> {
  const { mutatingCalls } = await call<{ mutatingCalls: readonly Call[] }>(lab, 'route53/state');
  const { messages } = await call<{ messages: readonly { receivedAt: string; messageId: string }[] }>(lab, 'mail/list');
  const { posts, receivedAt } = await call<{ posts: number; receivedAt: string | null }>(lab, 'monitoring/state');
  return [
    ...mutatingCalls.filter(({ status }) => status < 300).map(({ at, body }) => ({ at, where: 'route53', what: changesOf(body), run: writerOf(body) })),
    // SMTP cannot be asked what it has; a repeat carries the same id, by which mail servers and readers see it as one: the first of them.
    ...[...new Map(messages.toReversed().map((message) => [message.messageId, message])).values()].map((message) => ({
      at: message.receivedAt,
      where: 'mailbox',
      what: message.messageId,
      run: '',
    })),
    ...Array.from({ length: posts }, () => ({ at: receivedAt ?? '', where: 'monitoring', what: 'status', run: '' })),
  ];
}

/** The run that a batch writes into the zone: the last it names, since the record that it replaces comes first. */
function writerOf(body: string): string {
  return [...body.matchAll(/run=([^&<]+)/g)].at(-1)?.[1] ?? '';
}

/** What a batch changes; of a weighted record with its weight: each share of the customers is another change. */
function changesOf(body: string): string {
  return body
    .split('<Action>')
    .slice(1)
    .map((change) => {
      const [, action, name] = /^(\w+)<\/Action>.*?<Name>([^<]+)<\/Name>/s.exec(change) ?? [];
      const weight = /<Weight>(\d+)<\/Weight>/.exec(change)?.[1];
      return [action, name, ...(weight === undefined ? [] : [`weight ${weight}`])].join(' ');
    })
    .join(', ');
}

function reportEffects(lab: LabHandle): Effect[] {
  const folder = join(lab.directory, 'reports');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return files.map((name) => ({ at: '', where: 'report store', what: 'report', run: name }));
}
