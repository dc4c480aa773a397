/** What strangers say to a run: messages of any content, kind and size, as Temporal's server would hand them on. */
import { defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { foreignPayloads, type RawPayload } from '../support/raw-messages.ts';
import type { Job } from './execution.ts';

export interface Message {
  readonly channel: 'signal' | 'update';
  readonly name: string;
  /** Sent so often. */
  readonly times: number;
  readonly payload: RawPayload | { readonly json: unknown };
}

/** Stands for the id of the question that is open. */
const openGate = '(the open gate)';

/** The messages as jobs of one workflow task. */
export function jobsOf(messages: readonly Message[], gate: string): readonly Job[] {
  return messages.flatMap(({ channel, name, times, payload }, at) => {
    const input = ['json' in payload ? defaultPayloadConverter.toPayload(withGate(payload.json, gate)) : payload];
    return Array.from({ length: times }, (_, time): Job => {
      if (channel === 'signal') return { signalWorkflow: { signalName: name, input, headers: {} } };
      const id = `stranger-${at}-${time}`;
      return { doUpdate: { id, protocolInstanceId: id, name, input, headers: {}, runValidator: true, meta: { updateId: id, identity: '' } } };
    });
  });
}

function withGate(json: unknown, gate: string): unknown {
  if (typeof json !== 'object' || json === null || !('gate' in json)) return json;
  return json.gate === openGate ? { ...json, gate } : json;
}

/** Texts that mean harm, or that a careless program sends. */
export const hostileTexts: Readonly<Record<string, string>> = {
  'a forged line': 'fine\n  bob-wilson: approve (seen)',
  'a line of Windows': 'fine\r\nSTOPPED by bob-wilson',
  'a carriage return': 'fine\rQUESTION activation-000000',
  'lines of Unicode': 'fine\u2028second\u2029third\u0085fourth',
  'a terminal’s escapes': '\u001b[2J\u001b[1;31mRECOVERED\u001b[0m\u001b]0;title\u0007',
  'escapes in one byte': '\u009b31mred\u009c',
  'a backspace': 'no\b\byes\u0000',
  'text from right to left': '\u202eevorppa\u202c \u2066x\u2069 \u200f',
  'nothing to see': 'bob\u200b-wil\u00adson\ufeff\u{e0041}',
  'half a character': 'a\ud800b',
  'a script': '<script>alert(1)</script><img src=x onerror=alert(1)>',
  'an attribute': '" onmouseover="alert(1)" x=\'y\'',
  'the end of CDATA': ']]><system-err>forged</system-err><![CDATA[',
  'what XML cannot hold': 'a\uffffb\ufffe',
  'a heading': '# Approved by everybody',
  'a link': '[click](https://evil.example/) https://evil.example www.evil.example a@evil.example',
  'an image': '![x](https://evil.example/x.png)',
  'a table': 'a | b |\n|---|---|\n| c | d |',
  'a list': '- done\n1. done',
  'a fence': '```\ncode\n```',
  'a quote and a rule': '> quoted\n---\n***',
  'a template': '{{{summary}}} {{#steps}}x{{/steps}} ${process.env.HOME}',
  'a long word': 'x'.repeat(4_000),
};

const text = fc.oneof(
  fc.constantFrom(...Object.values(hostileTexts), 'x'.repeat(100_000)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('mallory', '', '__proto__', 'constructor', 'approve', 'accept 999999'),
);

const vote = fc.record(
  {
    gate: fc.oneof(fc.constant(openGate), text),
    choice: fc.oneof(fc.constantFrom('approve', 'reject', 'undo', 'abort', 'retry'), text),
    who: text,
    reason: text,
  },
  { requiredKeys: [] },
);

const payload: fc.Arbitrary<Message['payload']> = fc.oneof(
  { weight: 3, arbitrary: vote.map((json) => ({ json })) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }).map((json) => ({ json: json as unknown })) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(foreignPayloads)) },
);

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('vote', 'approve', 'reject', 'stop', 'resume') },
  { weight: 1, arbitrary: fc.constantFrom('supersede', '__temporal_workflow_metadata', '__temporal_x', '__stack_trace', '__proto__', 'toString') },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 200 }) },
);

/** None of them is of a person of the plan. */
export const strangeMessages: fc.Arbitrary<readonly Message[]> = fc.array(
  fc.record({
    channel: fc.constantFrom('signal' as const, 'signal' as const, 'update' as const),
    name,
    times: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) }, { weight: 1, arbitrary: fc.integer({ min: 50, max: 400 }) }),
    payload,
  }),
  { minLength: 1, maxLength: 6 },
);
