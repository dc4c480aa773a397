/** A resolver's cache: gives answers with the TTL that is left, forgets them when none is. */
import type { Answer } from 'dns-packet';
import type { DnsAnswer } from './message.ts';

interface Held {
  readonly answer: DnsAnswer;
  readonly heldAtMs: number;
  readonly expiresAtMs: number;
}

export class DnsCache {
  /** True: what was once learnt is given for ever, as some resolvers do against the TTL. */
  keepsExpired = false;
  readonly #held = new Map<string, Held>();

  get(name: string, type: string, nowMs: number): DnsAnswer | undefined {
    const key = `${name}|${type}`;
    const held = this.#held.get(key);
    if (!held) return undefined;
    if (nowMs >= held.expiresAtMs && !this.keepsExpired) {
      this.#held.delete(key);
      return undefined;
    }
    const ageSeconds = Math.floor((nowMs - held.heldAtMs) / 1000);
    const aged = (records: readonly Answer[]) => records.map((record) => ({ ...record, ttl: Math.max(0, ttlOf(record) - ageSeconds) }) as Answer);
    return { ...held.answer, answers: aged(held.answer.answers), authorities: aged(held.answer.authorities), authoritative: false };
  }

  put(name: string, type: string, answer: DnsAnswer, nowMs: number): void {
    if (answer.code !== 'NOERROR' && answer.code !== 'NXDOMAIN') return;
    const records = answer.answers.length > 0 ? answer.answers : answer.authorities;
    if (records.length === 0) return;
    const ttlSeconds = Math.min(...records.map(ttlOf));
    this.#held.set(`${name}|${type}`, { answer, heldAtMs: nowMs, expiresAtMs: nowMs + ttlSeconds * 1000 });
  }

  clear(): void {
    this.#held.clear();
  }
}

function ttlOf(record: Answer): number {
  return 'ttl' in record ? (record.ttl ?? 0) : 0;
}
