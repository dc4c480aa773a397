/** What DNS servers of the lab share: an answer, its response code, and the flags on the wire. */
import packet, { type Answer, type DecodedPacket, type Packet } from 'dns-packet';

export const responseCodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type ResponseCode = keyof typeof responseCodes;

export interface DnsAnswer {
  readonly code: ResponseCode;
  readonly answers: readonly Answer[];
  /** SOA, in answers that have nothing else. */
  readonly authorities: readonly Answer[];
  readonly authoritative: boolean;
}

export const nothing = (code: ResponseCode): DnsAnswer => ({ code, answers: [], authorities: [], authoritative: false });

/** The response to a query. `recursive`: the server asks others for its clients. */
export function responseTo(query: DecodedPacket, answer: DnsAnswer, recursive: boolean): Packet {
  const asked = query.flag_rd ? packet.RECURSION_DESIRED : 0;
  const flags = asked | (recursive ? packet.RECURSION_AVAILABLE : 0) | (answer.authoritative ? packet.AUTHORITATIVE_ANSWER : 0) | responseCodes[answer.code];
  const extended = edns(query)
    ? [{ type: 'OPT', name: '.', udpPayloadSize: 1_232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] } as unknown as Answer]
    : [];
  return {
    type: 'response',
    id: query.id,
    flags,
    questions: query.questions ?? [],
    answers: [...answer.answers],
    authorities: [...answer.authorities],
    additionals: extended,
  };
}

function edns(query: DecodedPacket): { udpPayloadSize: number } | undefined {
  return (query.additionals ?? []).find((record) => record.type === 'OPT') as { udpPayloadSize: number } | undefined;
}

/** Bytes of a UDP response that this client takes. */
export function udpBytesMax(query: DecodedPacket): number {
  return Math.max(512, Math.min(edns(query)?.udpPayloadSize ?? 512, 1_232));
}
