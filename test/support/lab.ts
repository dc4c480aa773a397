/** A lab for a test file: its own name, so that it disturbs no other. The command is run as people run it. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { addressesOf, call, labHandle, type LabHandle } from '../../lab/cli/call.ts';
import type { LabAddresses } from '../../lab/addresses.ts';
import { programOf } from '../../lab/orchestrator/programs.ts';
import { repositoryRoot } from '../../lab/paths.ts';
import type { LabStatus } from '../../lab/status.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `dr-lab --lab name …args`. */
export function drLab(name: string, ...args: string[]): Promise<CommandResult> {
  return drLabWith({}, name, ...args);
}

/** The same with further variables in its environment. */
export function drLabWith(env: NodeJS.ProcessEnv, name: string, ...args: string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...programOf('lab/cli/main'), '--lab', name, ...args], {
      cwd: repositoryRoot(),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, stdout, stderr }));
  });
}

export interface TestLab {
  readonly handle: LabHandle;
  readonly addresses: LabAddresses;
  /** POST to a verb of the lab's control. */
  call<Answer = unknown>(verb: string, body?: unknown): Promise<Answer>;
  status(): Promise<LabStatus>;
  /** Ends the lab and removes its files. */
  end(): Promise<void>;
}

/** Starts a lab as new. */
export async function startLab(name: string): Promise<TestLab> {
  const { code, stderr } = await drLab(name, 'up');
  if (code !== 0) throw new Error(`dr-lab up ended with ${code}: ${stderr}`);
  const handle = labHandle(name);
  return {
    handle,
    addresses: addressesOf(handle) as LabAddresses,
    call: (verb, body = {}) => call(handle, verb, body),
    status: () => call<LabStatus>(handle, 'status'),
    async end() {
      await drLab(name, 'down');
      rmSync(handle.directory, { recursive: true, force: true });
    },
  };
}
