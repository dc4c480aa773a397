/** What the stand-in runs on, read at each answer from what is current: its release, and the session data that were unpacked beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StandInConfig } from './config.ts';

export interface About {
  /** Site for which the application was configured; null where what is installed there is used as it is. */
  readonly configuredFor: string | null;
  /** Sessions that were unpacked, by their keys; null where none were. */
  readonly sessions: Readonly<Record<string, string>> | null;
}

export function aboutTrees({ application, sessions }: StandInConfig['trees']): About {
  const site = readJson(join(application, 'current', 'site.json')) as { site?: string } | null;
  return {
    configuredFor: site?.site ?? null,
    sessions: readJson(join(sessions, 'current', 'sessions.json')) as About['sessions'],
  };
}

function readJson(file: string): unknown {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown) : null;
}
