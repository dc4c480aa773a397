/** One stack of CloudFormation by its API, in the words of the driver. */
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ValidateTemplateCommand,
  type Change as ApiChange,
  type DescribeChangeSetCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { StackAction, StackChange } from '../../plan/rules/stacks.ts';
import type { CloudFormationStack } from '../../plan/schema/stack.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import type { Tag } from '../aws/epoch-tag.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nothingChanged } from './accepted.ts';

export interface Stack {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly tags: readonly Tag[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Resource {
  readonly what: string;
  readonly type: string;
  /** Empty where nothing was made. */
  readonly id: string;
  readonly status: string;
}

export interface ChangeSet {
  readonly arn: string;
  readonly status: string;
  readonly reason: string;
  /** `AVAILABLE` while it can be executed. */
  readonly execution: string;
  readonly changes: readonly StackChange[];
}

export interface StackEvent {
  readonly what: string;
  readonly status: string;
  readonly reason: string;
  /** Of the operation that it belongs to. */
  readonly token: string;
}

export interface NewChangeSet {
  readonly name: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly template: string;
  readonly description: string;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}

export interface CloudFormation {
  /** Undefined where there is none. */
  read(): Promise<Stack | undefined>;
  resources(): Promise<readonly Resource[]>;
  /** As it was given. */
  template(): Promise<string>;
  validate(template: string): Promise<void>;
  /** Newest first, the last hundred; none of a stack that is gone. */
  events(): Promise<readonly StackEvent[]>;
  /** Undefined where there is none of this name. */
  changeSet(name: string): Promise<ChangeSet | undefined>;
  createChangeSet(wanted: NewChangeSet): Promise<void>;
  executeChangeSet(arn: string, token: string): Promise<void>;
  deleteChangeSet(arn: string): Promise<void>;
  deleteStack(token: string): Promise<void>;
  /** Id by which it can be asked for. */
  detectDrift(): Promise<string>;
  /** Undefined while it is being looked for. */
  drift(id: string): Promise<readonly { readonly what: string; readonly how: string }[] | undefined>;
  close(): void;
}

export async function createCloudFormation(settings: CloudFormationStack, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<CloudFormation> {
  return openStack(new CloudFormationClient(await awsClientOptions(settings, settings.credentials, dependencies)), settings);
}

const pagesMax = 20;

function openStack(client: CloudFormationClient, { stack: StackName, parameters, serviceRole: RoleARN }: CloudFormationStack): CloudFormation {
  const about = (what: string) => rethrowAws(`${what} of the stack ${StackName}`, nothingChanged);
  return {
    ...reads(client, StackName, about),
    async createChangeSet({ name, type, template, description, tags }) {
      const command = new CreateChangeSetCommand({
        ...{ StackName, RoleARN, ChangeSetName: name, ChangeSetType: type, ClientToken: name, TemplateBody: template, Description: description },
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
        ...(tags.length === 0 ? {} : { Tags: [...tags] }),
      });
      await client.send(command, boundedChange()).catch(about('Making a change set'));
    },
    async executeChangeSet(arn, token) {
      await client
        .send(new ExecuteChangeSetCommand({ ChangeSetName: arn, ClientRequestToken: token }), boundedChange())
        .catch(about('Executing the change set'));
    },
    async deleteChangeSet(arn) {
      await client.send(new DeleteChangeSetCommand({ ChangeSetName: arn }), boundedChange()).catch(about('Deleting the change set'));
    },
    async deleteStack(token) {
      await client.send(new DeleteStackCommand({ StackName, ClientRequestToken: token, RoleARN }), boundedChange()).catch(about('The deletion'));
    },
    close: () => client.destroy(),
  };
}

type Looks = Omit<CloudFormation, 'createChangeSet' | 'executeChangeSet' | 'deleteChangeSet' | 'deleteStack' | 'close'>;

function reads(client: CloudFormationClient, StackName: string, about: (what: string) => (error: unknown) => never): Looks {
  const page = async (ChangeSetName: string, NextToken?: string): Promise<DescribeChangeSetCommandOutput | undefined> =>
    client.send(new DescribeChangeSetCommand({ StackName, ChangeSetName, NextToken }), bounded()).catch(unlessGone(about('Reading the change set')));
  return {
    async read() {
      const told = await client.send(new DescribeStacksCommand({ StackName }), bounded()).catch(unlessGone(about('Reading')));
      const [stack] = told?.Stacks ?? [];
      if (!stack || stack.StackStatus === 'DELETE_COMPLETE') return undefined;
      const { StackId: id = '', StackStatus: status = '', StackStatusReason: reason = '', Tags: tags = [], Parameters = [], Outputs = [] } = stack;
      const parameters = Object.fromEntries(Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]));
      return {
        id,
        status,
        reason,
        tags,
        parameters,
        outputs: Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
      };
    },
    async resources() {
      const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }), bounded()).catch(about('Reading the resources'));
      return StackResources.map(({ LogicalResourceId = '', ResourceType = '', PhysicalResourceId = '', ResourceStatus = '' }) => ({ what: LogicalResourceId, type: ResourceType, id: PhysicalResourceId, status: ResourceStatus })); // prettier-ignore
    },
    async template() {
      const { TemplateBody = '' } = await client
        .send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }), bounded())
        .catch(about('Reading the template'));
      return TemplateBody;
    },
    async validate(TemplateBody) {
      await client.send(new ValidateTemplateCommand({ TemplateBody }), bounded()).catch(about('Validating the template'));
    },
    async events() {
      const told = await client.send(new DescribeStackEventsCommand({ StackName }), bounded()).catch(unlessGone(about('Reading what happened')));
      return (told?.StackEvents ?? []).map((event) => ({ what: event.LogicalResourceId ?? '', status: event.ResourceStatus ?? '', reason: event.ResourceStatusReason ?? '', token: event.ClientRequestToken ?? '' })); // prettier-ignore
    },
    async changeSet(name) {
      let told = await page(name);
      if (!told) return undefined;
      const { ChangeSetId: arn = '', Status: status = '', StatusReason: reason = '', ExecutionStatus: execution = '' } = told;
      const changes: ApiChange[] = [...(told.Changes ?? [])];
      for (let pages = 1; told?.NextToken !== undefined && pages < pagesMax; pages += 1)
        changes.push(...((told = await page(name, told.NextToken))?.Changes ?? []));
      return { arn, status, reason, execution, changes: changes.flatMap(changeOf) };
    },
    async detectDrift() {
      const { StackDriftDetectionId = '' } = await client.send(new DetectStackDriftCommand({ StackName }), bounded()).catch(about('Looking for drift'));
      return StackDriftDetectionId;
    },
    async drift(StackDriftDetectionId) {
      const look = new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId });
      const { DetectionStatus, DetectionStatusReason } = await client.send(look, bounded()).catch(about('Looking for drift'));
      if (DetectionStatus === 'DETECTION_IN_PROGRESS') return undefined;
      if (DetectionStatus === 'DETECTION_FAILED')
        return [{ what: 'what stands', how: `could not be compared: ${DetectionStatusReason ?? 'no reason was told'}` }];
      const filter = new DescribeStackResourceDriftsCommand({ StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] });
      const { StackResourceDrifts = [] } = await client.send(filter, bounded()).catch(about('Reading the drift'));
      return StackResourceDrifts.map(({ LogicalResourceId = '', StackResourceDriftStatus }) => ({ what: LogicalResourceId, how: StackResourceDriftStatus === 'DELETED' ? 'deleted' : 'changed' })); // prettier-ignore
    },
  };
}

/** AWS answers for a stack that is not there as for a wrong call. */
function unlessGone(otherwise: (error: unknown) => never): (error: unknown) => undefined {
  return (error) => {
    const { name, message } = error as Error;
    if (name.startsWith('ChangeSetNotFound') || (name === 'ValidationError' && /does not exist/.test(message))) return undefined;
    return otherwise(error);
  };
}

/** What CloudFormation cannot tell before counts as the worse. */
function changeOf({ ResourceChange: change }: ApiChange): readonly StackChange[] {
  if (!change) return [];
  const { LogicalResourceId: what = '', ResourceType: type = '', Action, Replacement } = change;
  const actions: Readonly<Record<string, StackAction>> = { Add: 'create', Remove: 'delete', Import: 'change' };
  const action = Action === 'Modify' ? (Replacement === 'False' ? 'change' : 'replace') : (actions[Action ?? ''] ?? 'replace');
  return [{ what, type, action }];
}
