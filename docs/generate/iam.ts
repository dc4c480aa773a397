/** `iam/ROLE.json`: least privilege for each role, made of what the drivers declare that they call. */
import { declaredOperations } from '../../activities/aws/declared.ts';
import { iamRoles, policyOf } from '../../activities/aws/operations.ts';

export function policyFiles(): readonly { readonly path: string; readonly text: string }[] {
  return iamRoles.map((role) => ({ path: `iam/${role}.json`, text: JSON.stringify(policyOf(declaredOperations, [role])) }));
}
