/** Resolves the plan's references to secrets. A value is returned to the caller and goes nowhere else: no log, no message, no history. */
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Plan } from './schema.ts';
import type { Tls } from './schema/estate.ts';

/** A secret that a plan references and that is not there. `message` names the reference, never a value. */
export class SecretMissingError extends Error {
  readonly reference: string;

  constructor(reference: string, what: string) {
    super(what);
    this.name = 'SecretMissingError';
    this.reference = reference;
  }
}

/** Where files of secrets may lie besides the plan's folder, unless an operator says otherwise. */
export const defaultSecretFolders: readonly string[] = ['/etc/dr', '/run/secrets'];

/**
 * Value of `env:NAME` or `file:PATH` (relative to the plan's folder), without a trailing newline. A file must lie in the plan's folder or in one of `folders`, also when it is reached by a link: a plan is no way to read any file of the
 * worker's machine. Throws SecretMissingError.
 */
export async function resolveSecret(reference: string, planFolder: string, folders: readonly string[]): Promise<string> {
  if (reference.startsWith('env:')) return fromEnvironment(reference, reference.slice('env:'.length));
  if (reference.startsWith('file:')) return fromFile(reference, resolve(planFolder, reference.slice('file:'.length)), [planFolder, ...folders]);
  throw new SecretMissingError(
    '(not shown)',
    'A secret is referenced in a way that is not known. Write env:NAME or file:PATH in the plan, never the secret itself.',
  );
}

/** The references of a plan that cannot be resolved here, with the path of each and the sentence to show. */
export async function findMissingSecrets(
  plan: Plan,
  planFolder: string,
  folders: readonly string[],
): Promise<readonly { readonly path: readonly string[]; readonly message: string }[]> {
  const missing: { path: readonly string[]; message: string }[] = [];
  for (const { path, reference } of secretReferences(plan)) {
    try {
      await resolveSecret(reference, planFolder, folders);
    } catch (error) {
      if (!(error instanceof SecretMissingError)) throw error;
      missing.push({ path, message: error.message });
    }
  }
  return missing;
}

/** Every reference to a secret in a plan, with its path. */
export function secretReferences(plan: Plan): readonly { readonly path: readonly string[]; readonly reference: string }[] {
  const { database, cache, capacity, dns, ssh, monitoring } = plan.estate;
  const rds = database.driver === 'rds' ? database.credentials : undefined;
  const datastore = cache?.driver === 'elasticache' ? cache.credentials : undefined;
  const scaling = capacity?.driver === 'auto-scaling' ? capacity.credentials : undefined;
  const [databaseClient, cacheClient] = [clientOf(database.tls), clientOf(cache?.tls)];
  const all: (readonly [string, string | undefined])[] = [
    ['database.observer.password', database.observer.password],
    ['cache.observer.password', cache?.observer.password],
    ['database.tls.client.certificate', databaseClient?.certificate],
    ['database.tls.client.key', databaseClient?.key],
    ['cache.tls.client.certificate', cacheClient?.certificate],
    ['cache.tls.client.key', cacheClient?.key],
    ['dns.credentials.accessKeyId', dns.credentials?.accessKeyId],
    ['dns.credentials.secretAccessKey', dns.credentials?.secretAccessKey],
    ['database.credentials.accessKeyId', rds?.accessKeyId],
    ['database.credentials.secretAccessKey', rds?.secretAccessKey],
    ['cache.credentials.accessKeyId', datastore?.accessKeyId],
    ['cache.credentials.secretAccessKey', datastore?.secretAccessKey],
    ['capacity.credentials.accessKeyId', scaling?.accessKeyId],
    ['capacity.credentials.secretAccessKey', scaling?.secretAccessKey],
    ['ssh.privateKey', ssh.privateKey],
    ['monitoring.token', monitoring.token],
  ];
  return all.flatMap(([path, reference]) => (reference === undefined ? [] : [{ path: ['estate', ...path.split('.')], reference }]));
}

function clientOf(tls: Tls | undefined): Exclude<Tls, boolean>['client'] {
  return typeof tls === 'object' ? tls.client : undefined;
}

function fromEnvironment(reference: string, name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new SecretMissingError(
      reference,
      `The environment variable ${name} is not set. Set it for this process, or change the reference ${reference} in the plan.`,
    );
  return value;
}

async function fromFile(reference: string, file: string, folders: readonly string[]): Promise<string> {
  let text: string;
  try {
    const real = await realpath(file);
    const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
    if (!roots.some((root) => real.startsWith(join(root, sep)))) {
      const what = `The secret file ${file} lies in none of the folders from which this worker reads secrets: ${folders.join(', ')}. Move it, or start the worker with its folder in DR_SECRET_FOLDERS.`;
      throw new SecretMissingError(reference, what);
    }
    text = await readFile(real, 'utf8');
  } catch (error) {
    if (error instanceof SecretMissingError) throw error;
    const why = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'may not be read by this user' : 'cannot be read';
    throw new SecretMissingError(reference, `The secret file ${file} ${why}. Create it for this user, or change the reference ${reference} in the plan.`);
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '')
    throw new SecretMissingError(reference, `The secret file ${file} is empty. Put the secret into it, or change the reference ${reference} in the plan.`);
  return value;
}
