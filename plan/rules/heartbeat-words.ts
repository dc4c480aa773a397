/** The words in which a primary's heartbeat says what its commits wait for. Read here alone, so that whoever judges by them and whoever advises on them read the same. Pure. */

/** Clocks kept by NTP are nearer to each other; times are compared across sites. */
export const clockSlackSeconds = 2;

/** With these values of synchronous_commit, a commit is acknowledged only after a synchronous standby has it. */
const waitingValues: readonly string[] = ['on', 'remote_write', 'remote_apply'];

/** Whether a commit under this value of synchronous_commit waits for a standby; one that is not known counts as one that does not. */
export function waitsForStandby(synchronousCommit: string): boolean {
  return waitingValues.includes(synchronousCommit);
}

/** Whose sessions, or whose changes, have a synchronous_commit of their own. */
export type OverrideOf =
  | { readonly kind: 'everybody' }
  /** `database` where it holds in that one only. */
  | { readonly kind: 'role'; readonly name: string; readonly database?: string }
  | { readonly kind: 'database' | 'function' | 'subscription'; readonly name: string }
  /** Everybody's, from the next reload on: a setting whose files hold another value than the server runs with; `changed` stands for a list of names. */
  | { readonly kind: 'file'; readonly name: string };

/** `everybody=…`, `role:R=…`, `role:R@D=…`, `database:D=…`, `function:F=…`, `subscription:S=…` or `file:SETTING=…`, taken apart; `of` is undefined for one that this version does not know. */
export function parseOverride(text: string): { readonly of: OverrideOf | undefined; readonly value: string } {
  const { name, value } = parsePair(text);
  return { of: overrideOf(name), value };
}

/** What an override under which somebody does not wait comes to, as the beginning of a sentence. */
export function describeOverride(text: string): string {
  const { of } = parseOverride(text);
  return of?.kind === 'file'
    ? `${of.name} is another in the files of the primary, which takes it at its next reload`
    : `${text} lets some sessions acknowledge alone`;
}

function overrideOf(text: string): OverrideOf | undefined {
  const [kind = '', name = ''] = text.split(/:(.*)/s);
  switch (kind) {
    case 'everybody':
      return { kind };
    case 'role': {
      const at = name.lastIndexOf('@');
      return at < 0 ? { kind, name } : { kind, name: name.slice(0, at), database: name.slice(at + 1) };
    }
    case 'database':
    case 'function':
    case 'subscription':
    case 'file':
      return { kind, name };
    default:
      return undefined;
  }
}

/** A connected standby, `application_name=sync_state`, taken apart. */
export function parseStandby(text: string): { readonly name: string; readonly state: string } {
  const { name, value } = parsePair(text);
  return { name, state: value };
}

/** A name may hold the sign that ends it; a value does not. */
function parsePair(text: string): { readonly name: string; readonly value: string } {
  const at = text.lastIndexOf('=');
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}
