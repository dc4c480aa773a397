/** What is a CloudEvent, by the specification (1.0.2, JSON format, HTTP structured mode); written from it, apart from the library by which events are made. */
import { z } from 'zod';

const mediaType = /^application\/cloudevents\+json(\s*;.*)?$/i;
const text = z.string().min(1);
const attributeName = /^[a-z0-9]+$/;

/** RFC 3339, as the specification asks. */
const timestamp = z.iso.datetime({ offset: true });

/** A URI reference that is not empty; a relative one counts. */
const uriReference = text.refine((value) => /^[^\s<>"{}|\\^`]+$/.test(value) && URL.canParse(value, 'http://relative.invalid/'), 'not a URI reference');

const envelope = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: text,
    source: uriReference,
    type: text,
    subject: text.optional(),
    time: timestamp.optional(),
    datacontenttype: z
      .string()
      .regex(/^[\w.+-]+\/[\w.+-]+/)
      .optional(),
    dataschema: z.url().optional(),
    data: z.unknown().optional(),
    data_base64: z.base64().optional(),
  })
  .refine((event) => !('data' in event && 'data_base64' in event), 'data and data_base64 exclude each other')
  .refine(
    (event) => Object.keys(event).every((name) => name === 'data_base64' || attributeName.test(name)),
    'names of attributes are lower-case letters and digits',
  );

export interface ReceivedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly data?: unknown;
}

/** The event of a request, or the sentences that say why it is none. */
export function readCloudEvent(contentType: string | undefined, body: string): { readonly event: ReceivedEvent } | { readonly problems: readonly string[] } {
  if (!mediaType.test(contentType ?? '')) return { problems: [`the content type is ${contentType ?? 'missing'}, and not application/cloudevents+json`] };
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    return { problems: ['the body is not JSON'] };
  }
  const checked = envelope.safeParse(content);
  if (checked.success) return { event: checked.data };
  return { problems: checked.error.issues.map(({ path, message }) => `${path.join('.') || 'event'}: ${message}`) };
}
