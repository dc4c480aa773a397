/**
 * How the workflows read what they are sent. Anybody of the namespace may send a payload that nobody here can read (another codec, broken JSON); the SDK's converter throws at it, and the
 * workflow task fails for as long as the message stands in the history: for ever. Here such a payload becomes a mark. Whoever takes messages refuses a mark on the record; as the answer
 * of an activity it is a fault still (`activity-proxies.ts`). Bundled with the workflows (`workers/bundle.ts`); clients that list and describe executions read with it as well, since anybody writes memos.
 */
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { ConverterHint, DataConverter, Payload, PayloadConverter, SerializationContext } from '@temporalio/common';

/** Stands in the place of a payload that cannot be read. */
export class Unreadable {
  /** The end of a sentence: why it cannot be read. */
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Enough of an encoding's name to know it by; it is whatever the sender wrote. */
const encodingLengthMax = 40;

type FromPayload<T> = [context?: SerializationContext, hint?: ConverterHint<T>];

export const payloadConverter: PayloadConverter = {
  toPayload: (...given) => defaultPayloadConverter.toPayload(...given),
  // The type is what the caller hopes for, as in the SDK; what takes messages looks for itself.
  fromPayload: <T>(payload: Payload, ...given: FromPayload<T>): T => {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload, ...given);
    } catch {
      return new Unreadable(whyUnreadable(payload)) as T;
    }
  },
};

/** For clients. The SDK takes it as it stands, which its type leaves out: a path to a module would have to be one that can be required. */
export const dataConverter = { payloadConverter, failureConverter: defaultFailureConverter, payloadCodecs: [] } as DataConverter;

/** In words of ours: those of the engine may differ from one release of it to the next, and would differ on replay. */
function whyUnreadable({ metadata }: Payload): string {
  const encoding = metadata?.['encoding'];
  if (!encoding) return 'it names no encoding';
  const name = String.fromCodePoint(...encoding.slice(0, encodingLengthMax));
  return name === 'json/plain' ? 'its JSON is broken' : `its encoding "${name}" is not known here`;
}
