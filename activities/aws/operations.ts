/**
 * What a driver of AWS calls, as data: the IAM policies in `iam/` are made of it (`npm run reference`), and a test finds a command that is not declared. Pure.
 * A driver declares in a file of its own beside it (`rds-operations.ts` beside `rds-api.ts`), and `declared.ts` names that file.
 */

/**
 * A role is what one set of credentials may do. `observe` looks and changes nothing; `restore` brings stores, hosts and capacity back, and deletes no backup; `traffic` leads customers; `fence` keeps older runs out.
 */
export const iamRoles = ['observe', 'restore', 'traffic', 'fence'] as const;

export type IamRole = (typeof iamRoles)[number];

/** One operation of the API, with what it needs. */
export interface Operation {
  readonly role: IamRole;
  /** ARNs; what the plan names stands in angle brackets, such as `arn:aws:rds:*:*:db:<instance>`. `*` where the service knows no narrower one. */
  readonly resource: string | readonly string[];
  /** Where IAM calls it otherwise, or asks for more than one right; absent: the service's prefix and the operation's name. */
  readonly actions?: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The operations of one driver at one service, by the name that the SDK's command has without `Command`. */
export interface DeclaredOperations {
  /** The SDK's package. */
  readonly client: `@aws-sdk/client-${string}`;
  /** The service as IAM writes it. */
  readonly service: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Rights that these operations need and that are no operations of the service: each with its actions. */
  readonly besides?: readonly (Operation & Required<Pick<Operation, 'actions'>>)[];
}

/** Rights that an operation asks for. */
export function actionsOf({ service }: DeclaredOperations, name: string, { actions }: Operation): readonly string[] {
  return actions ?? [`${service}:${name}`];
}

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Operation['condition'];
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** The policy of a role: a statement for each set of resources, in the order of the declarations. */
export function policyOf(declared: readonly DeclaredOperations[], roles: readonly IamRole[]): Policy {
  const statements = new Map<string, Statement>();
  for (const each of declared) {
    for (const [name, operation] of [...Object.entries(each.operations), ...(each.besides ?? []).map((right) => ['', right] as const)]) {
      if (!roles.includes(operation.role)) continue;
      const { resource, condition } = operation;
      const key = JSON.stringify([each.service, resource, condition]);
      const known = statements.get(key);
      statements.set(key, {
        Effect: 'Allow',
        Action: [...new Set([...(known?.Action ?? []), ...actionsOf(each, name, operation)])].toSorted(),
        Resource: resource,
        ...(condition === undefined ? {} : { Condition: condition }),
      });
    }
  }
  return { Version: '2012-10-17', Statement: [...statements.values()] };
}
