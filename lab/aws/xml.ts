/** Answers and questions of AWS's query protocol. */
import { escapeXml } from '../route53/xml.ts';

/** Text, a number, a date, a list under the name of its members, or an element with others in it. Undefined is left out. */
export type Content = string | number | boolean | Date | undefined | List | { readonly [name: string]: Content };

export class List {
  readonly member: string;
  readonly entries: readonly Content[];

  constructor(member: string, entries: readonly Content[]) {
    [this.member, this.entries] = [member, entries];
  }
}

export function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Date) return content.toISOString();
  if (content instanceof List) return content.entries.map((entry) => `<${content.member}>${render(entry)}</${content.member}>`).join('');
  if (typeof content !== 'object') return escapeXml(String(content));
  return Object.entries(content)
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${render(value)}</${name}>`))
    .join('');
}

export function answerOf(action: string, result: Content): string {
  return `<${action}Response><${action}Result>${render(result)}</${action}Result></${action}Response>`;
}

export function errorOf(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></ErrorResponse>`;
}

/** What AWS says no to. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(code: string, message: string, status = 400) {
    super(message);
    [this.code, this.status] = [code, status];
  }
}

/** `Tags.Tag.1.Key` and its like. */
export function tagsIn(parameters: URLSearchParams): Map<string, string> {
  const keys = [...parameters].filter(([name]) => /^Tags\..*\.Key$/.test(name));
  return new Map(keys.map(([name, key]) => [key, parameters.get(name.replace(/Key$/, 'Value')) ?? '']));
}

/** A list such as `VpcSecurityGroupIds.VpcSecurityGroupId.1`; undefined where it was not sent. */
export function listIn(parameters: URLSearchParams, name: string): readonly string[] | undefined {
  const found = [...parameters].filter(([key]) => new RegExp(`^${name}\\.[A-Za-z]+\\.\\d+$`).test(key)).map(([, value]) => value);
  return found.length === 0 ? undefined : found;
}

export function tagList(tags: ReadonlyMap<string, string>): List {
  return new List(
    'Tag',
    [...tags].map(([Key, Value]) => ({ Key, Value })),
  );
}
