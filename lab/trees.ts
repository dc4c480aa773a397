/** Versions of the application and of the session data in an object store, by the S3 API of the AWS emulator: an archive, its checksum, and the signature of that, the checksum last. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LabContext } from './component.ts';
import { run } from './run.ts';

export const treeBuckets = { application: 'erlmcp-app-backup', sessions: 'erlmcp-sessions-backup' } as const;
export type LabTree = keyof typeof treeBuckets;
export const treeNames = Object.keys(treeBuckets) as LabTree[];

export const storeRegion = 'us-east-1';
/** The emulator takes any. */
export const storeCredentials = { accessKeyId: 'lab', secretAccessKey: 'lab' } as const;

/** Where a lab has the public key by which its application is signed, for the servers to read. */
export function treeKeyFile(labDirectory: string): string {
  return join(labDirectory, 'application.pem');
}

export interface TreeStore {
  /** Nothing in it. */
  clear(): Promise<void>;
  /** Uploads a version of these files, by their paths in it, and answers its name. */
  put(tree: LabTree, files: Readonly<Record<string, string>>): Promise<string>;
}

export function createTreeStore(context: LabContext): TreeStore {
  const { host, port } = context.addresses.moto;
  const connect = () => new S3Client({ region: storeRegion, endpoint: `http://${host}:${port}`, credentials: storeCredentials, forcePathStyle: true });
  const made = { application: 0, sessions: 0 };
  const privateKey = signingKey(treeKeyFile(context.directory));
  let isThere = false;
  return {
    async clear() {
      Object.assign(made, { application: 0, sessions: 0 });
      // Before its first version the emulator may not run yet, and has nothing.
      if (isThere) await withClient(connect(), async (client) => void (await Promise.all(treeNames.map((tree) => empty(client, treeBuckets[tree])))));
    },
    async put(tree, files) {
      const version = `${tree === 'application' ? 'release' : 'export'}-${(made[tree] += 1)}`;
      const archive = await packed(files);
      const sums = `${createHash('sha256').update(archive).digest('hex')}  tree.tar.gz\n`;
      await withClient(connect(), async (client) => {
        if (!isThere) for (const Bucket of Object.values(treeBuckets)) await client.send(new CreateBucketCommand({ Bucket }));
        isThere = true;
        const upload = (name: string, Body: string | Buffer) =>
          client.send(new PutObjectCommand({ Bucket: treeBuckets[tree], Key: `${version}/${name}`, Body }));
        await upload('tree.tar.gz', archive);
        if (tree === 'application') await upload('SHA256SUMS.sig', sign(null, Buffer.from(sums), privateKey()));
        await upload('SHA256SUMS', sums);
      });
      return version;
    },
  };
}

async function withClient(client: S3Client, act: (client: S3Client) => Promise<void>): Promise<void> {
  try {
    await act(client);
  } finally {
    client.destroy();
  }
}

async function empty(client: S3Client, Bucket: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  if (Contents.length > 0) await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } }));
}

async function packed(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'dr-lab-tree-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'tree', path)), { recursive: true });
      writeFileSync(join(folder, 'tree', path), content);
    }
    await run(['tar', '-czf', join(folder, 'tree.tar.gz'), '-C', join(folder, 'tree'), '.']);
    return readFileSync(join(folder, 'tree.tar.gz'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the public half of a new key pair when it is first asked for; the private half is in memory alone. */
function signingKey(publicFile: string): () => string {
  let key: string | undefined;
  return () => {
    if (key !== undefined) return key;
    const pair = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    writeFileSync(publicFile, pair.publicKey, { mode: 0o644 });
    return (key = pair.privateKey);
  };
}
