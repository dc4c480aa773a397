/** The CloudFormation API in front of the emulator: as strict as AWS where the emulator is lax (`stacks.ts`), with faults that can be switched on. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { escapeXml } from '../route53/xml.ts';
import { ApiError, type Maker, type Pairs, type Stack, Stacks } from './stacks.ts';

export interface Call {
  readonly action: string;
  readonly parameters: URLSearchParams;
  /** HTTP status that was, or would have been, answered. */
  status: number;
  /** False when the reply was thrown away. */
  answered: boolean;
}

const looks = /^(Describe|Get|List|Validate|Detect)/;

export class CloudFormationProxy {
  readonly calls: Call[] = [];
  readonly stacks: Stacks;
  /** So many of the next calls are refused with `Throttling`, so many answered 503; of this action alone where one is named. */
  throttledCalls = 0;
  failingCalls = 0;
  only: string | undefined;
  /** So many of the next accepted changes are applied without a reply; `losing`: of this action alone. */
  lostReplies = 0;
  losing: string | undefined;
  private readonly server: Server;
  private readonly maker: EmulatedMaker;

  constructor(emulator: string) {
    this.maker = new EmulatedMaker(emulator);
    this.stacks = new Stacks(this.maker);
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  /** Gives its address. */
  async listen(host: string, port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => this.server.once('error', reject).listen(port, host, resolve));
    return `http://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Calls that change something, in order. */
  changes(): readonly Call[] {
    return this.calls.filter(({ action }) => !looks.test(action));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const parameters = new URLSearchParams(Buffer.concat(parts).toString('utf8'));
    const action = parameters.get('Action') ?? '';
    const call: Call = { action, parameters, status: 200, answered: true };
    this.calls.push(call);
    this.maker.authorization = request.headers.authorization ?? '';
    const body = await this.answer(call).catch((error: Error) => {
      const code = error instanceof ApiError ? error.code : 'InternalFailure';
      call.status = code === 'ServiceUnavailable' ? 503 : code === 'InternalFailure' ? 500 : code === 'ChangeSetNotFound' ? 404 : 400;
      return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(error.message)}</Message></Error></ErrorResponse>`;
    });
    if (call.status === 200 && !looks.test(action) && (this.losing ?? action) === action && this.lostReplies > 0) {
      this.lostReplies -= 1;
      call.answered = false;
      request.socket.destroy();
      return;
    }
    response.writeHead(call.status, { 'content-type': 'text/xml' }).end(body);
  }

  private async answer({ action, parameters }: Call): Promise<string> {
    if (this.only === undefined || this.only === action) {
      if (this.throttledCalls > 0) {
        this.throttledCalls -= 1;
        throw new ApiError('Throttling', 'Rate exceeded');
      }
      if (this.failingCalls > 0) {
        this.failingCalls -= 1;
        throw new ApiError('ServiceUnavailable', 'The service is unavailable');
      }
    }
    const get = (key: string) => parameters.get(key) ?? '';
    const act = this.actions[action];
    if (!act) throw new ApiError('InvalidAction', `The action ${action} is not valid for this endpoint.`);
    return `<${action}Response><${action}Result>${xml(await act(get, parameters))}</${action}Result></${action}Response>`;
  }

  private readonly actions: Readonly<Record<string, (get: (key: string) => string, all: URLSearchParams) => Promise<object> | object>> = {
    ValidateTemplate: (get) => {
      this.stacks.validate(get('TemplateBody'));
      return {};
    },
    DescribeStacks: (get) => ({ Stacks: [describeStack(this.stacks.must(get('StackName')))] }),
    GetTemplate: (get) => {
      const { name, applied } = this.stacks.must(get('StackName'));
      if (!applied) throw new ApiError('ValidationError', `Template for the stack ${name} is not available`);
      return { TemplateBody: applied.template };
    },
    DescribeStackEvents: (get) => ({
      StackEvents: this.stacks.must(get('StackName')).events.map(({ what, status, reason, token }) => ({ LogicalResourceId: what, ResourceStatus: status, ResourceStatusReason: reason, ClientRequestToken: token })), // prettier-ignore
    }),
    DescribeStackResources: async (get) => {
      const stack = this.stacks.must(get('StackName'));
      const types = this.stacks.validate(stack.applied?.template ?? 'Resources: {}');
      const ids = await this.stacks.resources(stack);
      return { StackResources: [...types].map(([id, { type }]) => ({ LogicalResourceId: id, ResourceType: type, PhysicalResourceId: ids.get(id) ?? '', ResourceStatus: 'CREATE_COMPLETE' })) }; // prettier-ignore
    },
    CreateChangeSet: (get, all) => {
      const type = get('ChangeSetType') === 'CREATE' ? 'CREATE' : 'UPDATE';
      const wanted = { template: get('TemplateBody'), parameters: pairs(all, 'Parameters', 'ParameterKey', 'ParameterValue') };
      const tags = pairs(all, 'Tags', 'Key', 'Value');
      const { id } = this.stacks.createChangeSet({ stack: get('StackName'), name: get('ChangeSetName'), token: get('ClientToken'), type, wanted, tags });
      return { Id: id, StackId: this.stacks.must(get('StackName')).id };
    },
    DescribeChangeSet: (get) => {
      const [stack, set] = this.stacks.changeSet(get('ChangeSetName'), get('StackName'));
      const of = { ChangeSetName: set.name, ChangeSetId: set.id, StackId: stack.id, StackName: stack.name };
      if (Date.now() < set.madeAt + this.stacks.delayMs) return { ...of, Status: 'CREATE_IN_PROGRESS', ExecutionStatus: 'UNAVAILABLE' };
      if (set.changes.length === 0)
        return { ...of, Status: 'FAILED', StatusReason: "The submitted information didn't contain changes. Submit different information to create a change set.", ExecutionStatus: 'UNAVAILABLE' }; // prettier-ignore
      return { ...of, Status: 'CREATE_COMPLETE', ExecutionStatus: set.execution, Changes: set.changes.map((change) => ({ Type: 'Resource', ResourceChange: change })) }; // prettier-ignore
    },
    ExecuteChangeSet: (get) => {
      this.stacks.execute(get('ChangeSetName'), get('StackName') || undefined, get('ClientRequestToken'));
      return {};
    },
    DeleteChangeSet: (get) => {
      const [stack, set] = this.stacks.changeSet(get('ChangeSetName'), get('StackName') || undefined);
      stack.changeSets.delete(set.name);
      return {};
    },
    DeleteStack: (get) => {
      this.stacks.delete(get('StackName'), get('ClientRequestToken'));
      return {};
    },
    DetectStackDrift: (get) => ({ StackDriftDetectionId: `${this.stacks.must(get('StackName')).name}-${Date.now()}` }),
    DescribeStackDriftDetectionStatus: (get) => {
      const begun = Number(get('StackDriftDetectionId').split('-').at(-1));
      return { DetectionStatus: Date.now() < begun + this.stacks.delayMs ? 'DETECTION_IN_PROGRESS' : 'DETECTION_COMPLETE', StackDriftStatus: 'DRIFTED' };
    },
    DescribeStackResourceDrifts: () => ({
      StackResourceDrifts: [...this.stacks.drifted].map(([id, how]) => ({ LogicalResourceId: id, StackResourceDriftStatus: how })),
    }),
  };
}

function describeStack({ id, name, status, reason, tags, applied }: Stack): object {
  const Parameters = [...(applied?.parameters ?? [])].map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
  return { StackId: id, StackName: name, StackStatus: status, StackStatusReason: reason, CreationTime: new Date().toISOString(), Parameters, Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) }; // prettier-ignore
}

/** `PREFIX.member.N.KEY` and its value. */
function pairs(all: URLSearchParams, prefix: string, key: string, value: string): Pairs {
  const found = new Map<string, string>();
  for (let number = 1; ; number += 1) {
    const name = all.get(`${prefix}.member.${number}.${key}`);
    if (name === null) return found;
    found.set(name, all.get(`${prefix}.member.${number}.${value}`) ?? '');
  }
}

function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xml(item)}</member>`).join('');
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  return Object.entries(value).map(([key, part]) => `<${key}>${xml(part)}</${key}>`).join(''); // prettier-ignore
}

/** The emulator makes the resources: as a stack of its own, at once. */
class EmulatedMaker implements Maker {
  authorization = '';
  private readonly endpoint: string;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  async make(name: string, { template, parameters }: { readonly template: string; readonly parameters: Pairs }, update: boolean): Promise<void> {
    const given = [...parameters].flatMap(([key, value], index) => [
      [`Parameters.member.${index + 1}.ParameterKey`, key] as const,
      [`Parameters.member.${index + 1}.ParameterValue`, value] as const,
    ]);
    await this.call(update ? 'UpdateStack' : 'CreateStack', { StackName: name, TemplateBody: template, ...Object.fromEntries(given) });
  }

  async remove(name: string): Promise<void> {
    // It deletes a network before what is in it, says that it cannot, and leaves that network behind; asked once more it deletes the rest.
    await this.call('DeleteStack', { StackName: name }).catch(() => this.call('DeleteStack', { StackName: name }));
  }

  async made(name: string): Promise<Pairs> {
    const text = await this.call('DescribeStackResources', { StackName: name });
    const members = [...text.matchAll(/<member>([\s\S]*?)<\/member>/g)].map(([, member = '']) => member);
    const tag = (member: string, key: string) => new RegExp(`<${key}>([^<]*)</${key}>`).exec(member)?.[1] ?? '';
    return new Map(members.map((member) => [tag(member, 'LogicalResourceId'), tag(member, 'PhysicalResourceId')]));
  }

  private async call(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-15', ...parameters }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', authorization: this.authorization };
    const answer = await fetch(this.endpoint, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(/<Message>([\s\S]*?)<\/Message>/.exec(text)?.[1] ?? text.slice(0, 300));
    return text;
  }
}
