/** Histories as files: a folder for each release that made them, gzipped JSON as Temporal's other tools write it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createRequire } from 'node:module';
import type * as Proto from '@temporalio/proto';
import type { History } from '@temporalio/common/lib/proto-utils.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const ending = '.json.gz';

interface ProtoJson {
  toJson(type: unknown, message: unknown): unknown;
  fromJson(type: unknown, json: unknown, options: { readonly ignoreUnknownFields: boolean }): History;
}

/**
 * What `historyToJSON` and `historyFromJSON` of `@temporalio/common` do. They themselves fail ("type must be a Type") where npm has given that package another copy of protobufjs than the one that made the types, as
 * it does here: so the copy is taken that the types are of.
 */
const ofTypes = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'));
const { toJson, fromJson } = ofTypes('protobufjs/ext/protojson') as ProtoJson;
const { patchProtobufRoot } = ofTypes('@temporalio/proto/lib/patch-protobuf-root') as {
  patchProtobufRoot(root: unknown): { lookupType(name: string): unknown };
};
const proto = ofTypes('@temporalio/proto') as typeof Proto;
const historyType = patchProtobufRoot(proto).lookupType('temporal.api.history.v1.History');

/** The release of the sources, by package.json. */
export function releaseOfSources(): string {
  const { version } = JSON.parse(readFileSync(join(here, '../../package.json'), 'utf8')) as { readonly version: string };
  return version;
}

export function folderOf(release: string): string {
  return join(here, release);
}

/** Oldest first. */
export function storedReleases(): readonly string[] {
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

export function storedNames(release: string): readonly string[] {
  return readdirSync(folderOf(release))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));
}

export function readHistory(release: string, name: string): History {
  const json: unknown = JSON.parse(gunzipSync(readFileSync(join(folderOf(release), `${name}${ending}`))).toString('utf8'));
  // What a later server or release wrote besides is no concern of this one.
  return fromJson(historyType, json, { ignoreUnknownFields: true });
}

/** All of them at once, so that a folder is never half a release. Throws when there is one. */
export function writeHistories(release: string, histories: ReadonlyMap<string, History>): void {
  const folder = folderOf(release);
  if (existsSync(folder)) throw new Error(`${folder} exists: what a release has made is kept. Nothing was written.`);
  const files = [...histories].map(([name, history]) => [`${name}${ending}`, gzipSync(toText(history), { level: 9 })] as const);
  mkdirSync(folder);
  for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
}

function toText(history: History): string {
  return JSON.stringify(toJson(historyType, proto.temporal.api.history.v1.History.fromObject(history)), null, 2);
}
