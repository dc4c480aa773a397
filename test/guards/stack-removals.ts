/** The guards of what a site stands on, and of who may do what at AWS, for `removals.ts`. */
import type { Removal } from './removal.ts';

const terraform = 'test/activities/stack/terraform.test.ts';
const cloudFormation = 'test/activities/stack/cloudformation.test.ts';
const operations = 'test/activities/aws/operations.test.ts';

export const stackRemovals: readonly Removal[] = [
  {
    guard: 'Infrastructure: what would take away something that stands is said to be refused before anybody decides',
    file: 'activities/stack/accepted.ts',
    edits: [{ find: '  const taking = destructive(changes);\n', replace: '  const taking = destructive(changes).slice(changes.length);\n' }],
    test: { file: cloudFormation, title: 'of which something would be replaced or deleted is said to be so, and refused' },
  },
  {
    guard: 'Infrastructure: a module of Terraform is made as it was accepted, and not otherwise',
    file: 'activities/stack/accepted.ts',
    edits: [
      {
        find: '  const others = notAccepted(found.changes, accepted.changes, own);\n',
        replace: '  const others = notAccepted(found.changes, accepted.changes, own).slice(found.changes.length);\n',
      },
    ],
    test: { file: terraform, title: 'is not made when it is another than what was accepted' },
  },
  {
    guard: 'Infrastructure: values that are others by now are not what was accepted',
    file: 'activities/stack/accepted.ts',
    edits: [{ find: 'whole && found.digest !== accepted.digest', replace: "whole && accepted.digest === ''" }],
    test: { file: terraform, title: 'is not made when it is another than what was accepted' },
  },
  {
    guard: 'Infrastructure: Terraform goes on when the worker dies',
    file: 'activities/stack/terraform-program.ts',
    edits: [
      { find: "detached: true, stdio: ['ignore', out.fd, err.fd]", replace: "stdio: ['ignore', out.fd, err.fd]" },
      { find: "    const child = spawn('terraform', [...args]", replace: "    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'terraform', ...args]" },
    ],
    test: { file: terraform, title: 'goes on when the worker dies in the middle' },
  },
  {
    guard: 'Infrastructure: a run deletes no module of Terraform that another made',
    file: 'activities/stack/terraform.ts',
    edits: [{ find: 'if (!ownIn(state, run)) return stay(', replace: 'if (state.resources.length === 0) return stay(' }],
    test: { file: terraform, title: 'is taken back by the run that made it, whole, and by no other' },
  },
  {
    guard: 'Infrastructure: a change set that says more than was accepted is not executed',
    file: 'activities/stack/cloudformation.ts',
    edits: [{ find: '    mustBeAccepted(name, { changes: set.changes,', replace: '    mustBeAccepted(name, { changes: [],' }],
    test: { file: cloudFormation, title: 'is not made when it is another than what was accepted, and nothing of it is left' },
  },
  {
    guard: 'Infrastructure: what a change set does not say counts as a replacement',
    file: 'activities/stack/cloudformation-api.ts',
    edits: [{ find: "(Replacement === 'False' ? 'change' : 'replace')", replace: "(Replacement === 'Conditional' ? 'replace' : 'change')" }],
    test: { file: cloudFormation, title: 'of which something would be replaced or deleted is said to be so, and refused' },
  },
  {
    guard: 'Infrastructure: beside the operation of another nothing is changed',
    file: 'activities/stack/cloudformation.ts',
    edits: [{ find: 'if (!event || event.token.startsWith(token)) return ended(work);', replace: 'if (event) return stack;' }],
    test: { file: cloudFormation, title: 'in which another operation is under way is waited for, and never changed beside it' },
  },
  {
    guard: 'Infrastructure: a stack that holds data is not deleted',
    file: 'activities/stack/cloudformation.ts',
    edits: [{ find: '  if (data.length > 0) return left(', replace: '  if (data.length > resources.length) return left(' }],
    test: { file: cloudFormation, title: 'that holds data, or cannot be deleted whole, stays and is named' },
  },
  {
    guard: 'Infrastructure: an older run changes no stack',
    file: 'activities/stack/cloudformation.ts',
    edits: [{ find: '      if (stack) mustBeNewest(', replace: "      if (!stack) return;\n      if (stack.id === '') mustBeNewest(" }],
    test: { file: cloudFormation, title: 'is changed by no run that has lost its epoch' },
  },
  {
    guard: 'Infrastructure: a retry finds its own change set, and makes no second one',
    file: 'activities/stack/cloudformation.ts',
    edits: [
      {
        find: "    ...{ at, settings, api, name, text },\n    token: `dr-${createHash('sha256').update(at.run.execution).digest('hex').slice(0, 24)}`,",
        replace: "    ...{ at, settings, api, name, text },\n    token: `dr-${createHash('sha256').update(String(Math.random())).digest('hex').slice(0, 24)}`,",
      },
    ],
    test: { file: cloudFormation, title: 'nothing, though it was applied' },
  },
  {
    guard: 'IAM: a driver sends nothing that it does not declare',
    file: 'activities/database/rds-operations.ts',
    edits: [{ find: "    PromoteReadReplica: { role: 'restore', resource: instance },\n", replace: '' }],
    test: { file: operations, title: 'is declared' },
  },
  {
    guard: 'IAM: nobody is allowed what no driver calls, deletion of backups least of all',
    file: 'activities/database/rds-operations.ts',
    edits: [{ find: '    PromoteReadReplica:', replace: "    DeleteDBSnapshot: { role: 'restore', resource: instance },\n    PromoteReadReplica:" }],
    test: { file: operations, title: 'of whoever restores deletes no backup' },
  },
];
