/** Files of the servers' user. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { isRoot, serverUser } from './identity.ts';

export function giveToServers(path: string): void {
  if (isRoot()) chownSync(path, serverUser().uid, serverUser().gid);
}

/** A folder that the servers' user owns, with everything above it made as needed. */
export function serverFolder(path: string, mode = 0o700): string {
  mkdirSync(path, { recursive: true, mode });
  giveToServers(path);
  return path;
}

export function serverFile(path: string, content: string, mode = 0o600): string {
  writeFileSync(path, content, { mode });
  giveToServers(path);
  return path;
}
