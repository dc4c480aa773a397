/** A peer that is a program: started at the decision, its steps told by marked lines of its output. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Contender, Recovery, StepTime } from './contender.ts';

export interface ScriptOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the output of the last run is kept. */
  readonly logFile: string;
  /** Opens what would be open already after the assessment that precedes a decision, such as kept connections. */
  prepare(): Promise<void>;
  /** Looks around before the decision, as the assessment does. */
  assess(): Promise<void>;
  /** Matches the line with which a step begins; its first group that matches is the step. The last such line ends the row. */
  readonly mark: RegExp;
}

const withinMs = 180_000;

export function script(options: ScriptOptions): Contender {
  return {
    name: options.name,
    prepare: options.prepare,
    async recover(lostAt, settleSeconds): Promise<Recovery> {
      await options.assess();
      await pause(Math.max(0, lostAt + settleSeconds * 1000 - Date.now()));
      const decidedAt = Date.now();
      return { decidedAt, ended: outputOf(options).then((lines) => ({ steps: stepsOf(lines, options.mark, decidedAt), readySeconds: null })) };
    },
  };
}

interface Line {
  /** When it came; milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Runs the program to its end and gives its output line by line; rejects when it fails. */
function outputOf({ name, command, cwd, environment, logFile }: ScriptOptions): Promise<readonly Line[]> {
  const [program, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs });
    const lines: Line[] = [];
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (text) => lines.push({ at: Date.now(), text }));
    child.once('error', reject);
    child.once('close', (code) => {
      mkdirSync(dirname(logFile), { recursive: true });
      writeFileSync(logFile, lines.map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`).join(''));
      if (code === 0) resolve(lines);
      else
        reject(
          new Error(
            `${name} ended with ${code ?? 'a signal'}: ${lines
              .slice(-8)
              .map(({ text }) => text)
              .join(' | ')}`,
          ),
        );
    });
  });
}

/** Each step lasts from its line to that of the next one; before the first, the program was starting. */
function stepsOf(lines: readonly Line[], mark: RegExp, startedAt: number): readonly StepTime[] {
  const marked = lines.flatMap(({ at, text }) => {
    const step = mark
      .exec(text)
      ?.slice(1)
      .find((group) => group !== undefined);
    return step === undefined ? [] : [{ at, step }];
  });
  const marks = [{ at: startedAt, step: 'start' }, ...marked];
  return marks.slice(0, -1).map(({ at, step }, index) => ({ step, seconds: ((marks[index + 1]?.at ?? at) - at) / 1000 }));
}
