/** Debian packages of the lab's servers and tools. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRoot } from '../identity.ts';
import { install } from './install.ts';
import { findProgram, findTool, type Tool } from './paths.ts';

const installWithinMs = 5 * 60_000;
const policyFile = '/usr/sbin/policy-rc.d';

/** Installs the packages of missing programs. Their own services are kept from starting: the lab starts its own servers. */
export async function ensureDebianPackages(tools: readonly Tool[], progress: (line: string) => void): Promise<void> {
  const missing = tools.filter((tool) => findTool(tool) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  const advice = `Missing: ${missing.map(({ name }) => name).join(', ')}. Install with: apt-get install ${packages.join(' ')}`;
  if (findProgram('apt-get') === null) throw new Error(`This machine has no apt-get, so nothing was installed. ${advice}`);
  const asRoot = isRoot() ? [] : findProgram('sudo') ? ['sudo', '-n'] : null;
  if (asRoot === null) throw new Error(`Installing needs root or sudo; nothing was changed. ${advice}`);
  const guard = await forbidServiceStarts(asRoot, progress);
  try {
    const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
    await install([...apt, 'update'], 'reading the package lists', progress, { withinMs: installWithinMs });
    await install([...apt, 'install', '--no-install-recommends', ...packages], `installing ${packages.join(', ')}`, progress, { withinMs: installWithinMs });
  } catch (error) {
    throw new Error(`Debian packages were not installed: ${(error as Error).message} ${advice}`);
  } finally {
    await guard();
  }
  const still = tools.filter((tool) => findTool(tool) === null);
  if (still.length > 0) throw new Error(`After the installation these are still missing: ${still.map(({ name }) => name).join(', ')}. ${advice}`);
}

/** Debian starts the services of new packages unless policy-rc.d says 101. Gives the function that takes the guard away again. */
async function forbidServiceStarts(asRoot: readonly string[], progress: (line: string) => void): Promise<() => Promise<void>> {
  if (existsSync(policyFile)) return async () => {};
  const draft = join(tmpdir(), `policy-rc.d.${process.pid}`);
  writeFileSync(draft, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await install([...asRoot, 'install', '-m', '755', draft, policyFile], 'keeping the packages’ own services from starting', progress, { withinMs: 30_000 });
  rmSync(draft, { force: true });
  return () => install([...asRoot, 'rm', '-f', policyFile], 'taking the guard away again', progress, { withinMs: 30_000 });
}
