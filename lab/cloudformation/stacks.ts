/**
 * Stacks and change sets as AWS keeps them: states that take their time, change sets that say what they replace, tokens that make a call count once, drift. The emulator makes the resources, and nothing else is believed of it.
 */
import { randomUUID } from 'node:crypto';
import { readResources, resourceChanges, type ResourceChange, type TemplateResources, unknownTypes, untoldIds } from './template.ts';

export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const invalid = (message: string) => new ApiError('ValidationError', message);

export type Pairs = ReadonlyMap<string, string>;

interface Wanted {
  readonly template: string;
  readonly parameters: Pairs;
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly wanted: Wanted;
  readonly tags: Pairs;
  readonly type: 'CREATE' | 'UPDATE';
  readonly changes: readonly ResourceChange[];
  /** State of the stack that it was made for. */
  readonly since: number;
  readonly madeAt: number;
  execution: 'AVAILABLE' | 'UNAVAILABLE' | 'OBSOLETE' | 'EXECUTE_COMPLETE' | 'EXECUTE_FAILED';
}

export interface StackEvent {
  readonly what: string;
  readonly status: string;
  readonly reason: string;
  readonly token: string;
}

export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly tags: Map<string, string>;
  readonly changeSets: Map<string, ChangeSet>;
  readonly events: StackEvent[];
  applied: Wanted | null;
  status: string;
  reason: string;
  /** What it becomes, once its operation is over. */
  next: { readonly status: string; readonly at: number; readonly reason?: string } | null;
  /** Rises with each change. */
  version: number;
  readonly tokens: Set<string>;
}

/** Whoever makes the resources. Rejects in words where it does not. */
export interface Maker {
  make(name: string, wanted: Wanted, update: boolean): Promise<void>;
  remove(name: string): Promise<void>;
  /** Ids of what is there, by logical id; an empty one where nothing was made. */
  made(name: string): Promise<Pairs>;
}

export class Stacks {
  readonly all = new Map<string, Stack>();
  /** How long an operation takes, milliseconds. */
  delayMs = 200;
  /** The next operation ends in a roll-back, for this resource and reason. */
  failing: { readonly what: string; readonly reason: string } | null = null;
  /** The next deletion does not get further than this. */
  undeletable: { readonly what: string; readonly reason: string } | null = null;
  /** What was changed or deleted behind CloudFormation's back, by logical id. */
  readonly drifted = new Map<string, 'MODIFIED' | 'DELETED'>();
  private readonly maker: Maker;

  constructor(maker: Maker) {
    this.maker = maker;
  }

  /** By name or id. Undefined for one that is deleted, unless it is asked for by its id. */
  find(nameOrId: string): Stack | undefined {
    const stack = this.all.get(nameOrId) ?? [...this.all.values()].find(({ id }) => id === nameOrId);
    if (!stack) return undefined;
    if (stack.next && Date.now() >= stack.next.at) {
      stack.status = stack.next.status;
      stack.reason = stack.next.reason ?? '';
      stack.next = null;
      if (stack.status === 'DELETE_COMPLETE') this.all.delete(stack.name);
    }
    return stack.status === 'DELETE_COMPLETE' && nameOrId !== stack.id ? undefined : stack;
  }

  must(name: string): Stack {
    const stack = this.find(name);
    if (!stack) throw invalid(`Stack with id ${name} does not exist`);
    return stack;
  }

  changeSet(nameOrArn: string, stackName: string | undefined): readonly [Stack, ChangeSet] {
    for (const stack of this.all.values()) {
      const set = [...stack.changeSets.values()].find(({ id, name }) => id === nameOrArn || (name === nameOrArn && stack.name === stackName));
      if (set) return [stack, set];
    }
    if (stackName !== undefined && !this.find(stackName)) throw invalid(`Stack [${stackName}] does not exist`);
    throw new ApiError('ChangeSetNotFound', `ChangeSet [${nameOrArn}] does not exist`);
  }

  /** Gives its id. */
  createChangeSet(of: {
    readonly stack: string;
    readonly name: string;
    readonly token: string;
    readonly type: 'CREATE' | 'UPDATE';
    readonly wanted: Wanted;
    readonly tags: Pairs;
  }): ChangeSet {
    const resources = this.validate(of.wanted.template);
    const found = this.find(of.stack);
    const known = found?.changeSets.get(of.name);
    if (known && known.token === of.token) return known;
    if (known) throw new ApiError('AlreadyExistsException', `ChangeSet ${of.name} cannot be created due to a mismatch with existing attribute Template`);
    if (of.type === 'CREATE' && found && found.status !== 'REVIEW_IN_PROGRESS')
      throw invalid(`Stack [${of.stack}] already exists and cannot be created again with the changeSet [${of.name}].`);
    if (of.type === 'UPDATE' && !found) throw invalid(`Stack [${of.stack}] does not exist`);
    if (of.type === 'UPDATE' && found && !/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/.test(found.status))
      throw invalid(`Stack:${found.id} is in ${found.status} state and can not be updated.`);
    const stack = found ?? this.begin(of.stack);
    const before: TemplateResources = stack.applied ? readResources(stack.applied.template) : new Map();
    const changes = resourceChanges(before, resources, { from: stack.applied?.parameters ?? new Map(), to: of.wanted.parameters });
    const set: ChangeSet = {
      ...{ id: `arn:aws:cloudformation:eu-west-1:123456789012:changeSet/${of.name}/${randomUUID()}`, name: of.name, token: of.token, wanted: of.wanted },
      ...{ tags: of.tags, type: of.type, changes, since: stack.version, madeAt: Date.now() },
      execution: changes.length === 0 ? 'UNAVAILABLE' : 'AVAILABLE',
    };
    stack.changeSets.set(of.name, set);
    return set;
  }

  /** What is in it; throws for what AWS would not take. */
  validate(template: string): TemplateResources {
    let resources: TemplateResources;
    try {
      resources = readResources(template);
    } catch (error) {
      throw invalid((error as Error).message);
    }
    const strange = unknownTypes(resources);
    if (strange.length > 0) throw invalid(`Template format error: Unrecognized resource types: [${strange.join(', ')}]`);
    return resources;
  }

  /** Answers at once; what it does takes its time. */
  execute(nameOrArn: string, stackName: string | undefined, token: string): void {
    const [stack, set] = this.changeSet(nameOrArn, stackName);
    if (stack.tokens.has(token)) return;
    if (this.find(stack.name)?.next || set.execution !== 'AVAILABLE' || set.since !== stack.version)
      throw new ApiError(
        'InvalidChangeSetStatus',
        `ChangeSet [${set.id}] cannot be executed in its current execution status of [${set.since === stack.version ? set.execution : 'OBSOLETE'}]`,
      );
    this.operate(stack, token, set.type);
    for (const [key, value] of set.tags) stack.tags.set(key, value);
    void this.carryOut(stack, set, token);
  }

  private async carryOut(stack: Stack, set: ChangeSet, token: string): Promise<void> {
    const update = set.type === 'UPDATE';
    const failed = await this.make(stack, set, update);
    set.execution = failed ? 'EXECUTE_FAILED' : 'EXECUTE_COMPLETE';
    if (failed) stack.events.unshift({ what: failed.what, status: `${update ? 'UPDATE' : 'CREATE'}_FAILED`, reason: failed.reason, token });
    else stack.applied = set.wanted;
    const done = update ? (failed ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE') : failed ? 'ROLLBACK_COMPLETE' : 'CREATE_COMPLETE';
    stack.next = { status: done, at: Date.now() + this.delayMs, ...(failed ? { reason: failed.reason } : {}) };
  }

  /** Answers at once. */
  delete(name: string, token: string): void {
    const stack = this.find(name);
    if (!stack || stack.tokens.has(token)) return;
    this.operate(stack, token, 'DELETE');
    void this.carryOff(stack, token);
  }

  private async carryOff(stack: Stack, token: string): Promise<void> {
    const stuck = this.undeletable;
    this.undeletable = null;
    if (stuck) stack.events.unshift({ what: stuck.what, status: 'DELETE_FAILED', reason: stuck.reason, token });
    else if (stack.applied) await this.maker.remove(stack.name);
    stack.next = { status: stuck ? 'DELETE_FAILED' : 'DELETE_COMPLETE', at: Date.now() + this.delayMs, ...(stuck ? { reason: stuck.reason } : {}) };
  }

  /** Physical ids by logical ones, of what its template has. */
  async resources(stack: Stack): Promise<Pairs> {
    return stack.applied ? this.idsOf(stack, stack.applied) : new Map();
  }

  private async idsOf({ name }: Stack, { template }: Wanted): Promise<Pairs> {
    return new Map([...(await this.maker.made(name)), ...untoldIds(readResources(template), name)]);
  }

  private begin(name: string): Stack {
    const stack: Stack = {
      ...{ id: `arn:aws:cloudformation:eu-west-1:123456789012:stack/${name}/${randomUUID()}`, name, tags: new Map(), changeSets: new Map(), events: [] },
      ...{ applied: null, status: 'REVIEW_IN_PROGRESS', reason: '', next: null, version: 0, tokens: new Set() },
    };
    this.all.set(name, stack);
    return stack;
  }

  private operate(stack: Stack, token: string, verb: string): void {
    stack.tokens.add(token);
    stack.version += 1;
    stack.status = `${verb}_IN_PROGRESS`;
    stack.next = { status: `${verb}_IN_PROGRESS`, at: Infinity };
    stack.events.unshift({ what: stack.name, status: stack.status, reason: 'User Initiated', token });
  }

  /** What was not made, if anything: what the emulator says that it has made without an id is not there. */
  private async make(stack: Stack, set: ChangeSet, update: boolean): Promise<{ readonly what: string; readonly reason: string } | null> {
    const failing = this.failing;
    this.failing = null;
    if (failing) return failing;
    try {
      await this.maker.make(stack.name, set.wanted, update);
    } catch (error) {
      return { what: stack.name, reason: (error as Error).message };
    }
    const made = await this.idsOf(stack, set.wanted);
    const [lacking] = [...readResources(set.wanted.template).keys()].filter((id) => (made.get(id) ?? '') === '');
    if (lacking === undefined) return null;
    await this.maker.remove(stack.name);
    return { what: lacking, reason: 'the emulator says that it is made, and it has no id' };
  }
}
