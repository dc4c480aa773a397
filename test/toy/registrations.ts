/** The lines by which a procedure is registered, here that of `added/`: everything else that it needs is files of its own. */

export interface Registration {
  readonly file: string;
  /** Stands once in the file. */
  readonly after: string;
  readonly line: string;
}

export const registrations: readonly Registration[] = [
  {
    file: 'plan/catalogue/names.ts',
    after: "  regionalFailover: 'Moves the service from a failed site to another one.',\n",
    line: "  warmUp: 'Makes a standby site ready for full load.',\n",
  },
  {
    file: 'plan/catalogue/index.ts',
    after: "import type { ProcedureEntry, Reached, RecoverySteps } from './step.ts';\n",
    line: "import { warmUpEntry } from './warm-up.ts';\n",
  },
  { file: 'plan/catalogue/index.ts', after: 'regionalFailover: regionalFailoverEntry', line: ', warmUp: warmUpEntry' },
  {
    file: 'workflows/wire/starts.ts',
    after: "import { type RegionalFailoverInput, regionalFailoverStart } from './regional-failover.ts';\n",
    line: "import { type WarmUpInput, warmUpStart } from './warm-up.ts';\n",
  },
  { file: 'workflows/wire/starts.ts', after: '  readonly regionalFailover: RegionalFailoverInput;\n', line: '  readonly warmUp: WarmUpInput;\n' },
  { file: 'workflows/wire/starts.ts', after: '  regionalFailover: regionalFailoverStart,\n', line: '  warmUp: warmUpStart,\n' },
  {
    file: 'workflows/index.ts',
    after: "export { regionalFailover } from './procedures/regional-failover.ts';\n",
    line: "export { warmUp } from './procedures/warm-up.ts';\nexport { exercise } from './procedures/exercise.ts';\n",
  },
  { file: 'workflows/wire/lending.ts', after: 'export const lenders: readonly string[] = [', line: "'exercise'" },
];
