/** The YAML files of a plan folder, and where in them each part of the plan stands. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap, isNode, isScalar, type Document, type Node } from 'yaml';
import { readTextFile } from './files.ts';
import type { Finding } from './findings.ts';
import { fitForLine } from './rules/printable.ts';
import { parseYaml, type YamlText } from './yaml.ts';

export type PlanPath = readonly (string | number)[];

/** Bounds of a plan's folder, each with its reason. */
export const folderBounds = {
  /** A person reads a file of a plan; the longest that is known has 9 kB. */
  fileBytesMax: 262_144,
  /** A plan has twenty keys at the top, and each stands in one file. */
  filesMax: 50,
  /** A run carries the whole plan in its history, where Temporal takes 2 MB for one message. */
  planBytesMax: 1_000_000,
} as const;

interface SourceFile extends YamlText {
  readonly name: string;
}

/** The file in which each key stands when `dr init` has written the plan: where a key that is missing is looked for. */
const usualFiles: Readonly<Record<string, readonly string[]>> = {
  'plan.yaml': ['plan', 'objectives', 'sites', 'functions', 'severity', 'escalation', 'acceptedFindings'],
  'people.yaml': ['people', 'groups', 'teams', 'contacts', 'staffing'],
  'procedures.yaml': ['procedures'],
  'estate.yaml': ['estate'],
  'communication.yaml': ['communication'],
  'operations.yaml': ['backups', 'scenarios', 'checklists', 'review', 'record'],
};

/** The plan as written, before it is checked. */
export class PlanSource {
  readonly folder: string;
  /** Top-level keys of all files together. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What is wrong with the files themselves. */
  readonly findings: readonly Finding[];
  /** False when a file could not be read: what seems to be missing may stand there. */
  readonly complete: boolean;
  readonly #fileOfKey: ReadonlyMap<string, SourceFile>;
  readonly #files: readonly SourceFile[];

  private constructor(folder: string, read: Reading) {
    this.folder = folder;
    this.#files = read.files;
    this.data = read.data;
    this.#fileOfKey = read.fileOfKey;
    this.findings = read.findings;
    this.complete = read.complete;
  }

  /** Reads every `*.yaml` of the folder, in the order of their names. */
  static async read(folder: string): Promise<PlanSource> {
    const reading: Reading = { files: [], data: {}, fileOfKey: new Map(), findings: [], complete: true };
    for (const name of await listYaml(folder, reading)) {
      const file = await readFile(folder, name, reading);
      if (file) mergeFile(file, reading);
    }
    if (isLarger(reading.data, folderBounds.planBytesMax)) {
      const message = `All files together are more than ${folderBounds.planBytesMax} bytes as data, which no run could carry. Take out what is not part of the plan.`;
      reading.findings.push(fileFinding(folder, 1, message));
      // Nobody looks further into so much.
      return new PlanSource(folder, { ...reading, data: {}, complete: false });
    }
    return new PlanSource(folder, reading);
  }

  /** File and line of a path, or of the nearest part above it that was written. */
  locate(path: PlanPath): { readonly file: string; readonly line: number } {
    const key = String(path[0] ?? '');
    const file = this.#fileOfKey.get(key);
    if (!file) return this.#placeFor(key);
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(file.document, path.slice(0, length));
      if (offset !== undefined) return { file: file.name, line: file.lines.linePos(offset).line };
    }
    return { file: file.name, line: 1 };
  }

  /** Where a top-level key that nobody has written belongs: behind those that usually stand with it. */
  #placeFor(key: string): { readonly file: string; readonly line: number } {
    const [usual = 'plan.yaml', companions = []] = Object.entries(usualFiles).find(([, keys]) => keys.includes(key)) ?? [];
    const beside = companions.map((companion) => this.#fileOfKey.get(companion)).find((file) => file !== undefined);
    const file = beside ?? this.#files.find(({ name }) => name === usual);
    return file ? { file: file.name, line: file.lines.lineStarts.length } : { file: usual, line: 1 };
  }

  /** A path for people: items of a list by their id where they have one. */
  display(path: PlanPath): string {
    let value: unknown = this.data;
    const parts = path.map((key) => {
      const inList = Array.isArray(value);
      value = value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[key] : undefined;
      const id = inList && value !== null && typeof value === 'object' ? (value as { id?: unknown }).id : undefined;
      return fitForLine(typeof id === 'string' ? id : String(key));
    });
    return parts.join('.');
  }
}

/** What is gathered while a folder is read. */
interface Reading {
  readonly files: SourceFile[];
  readonly data: Record<string, unknown>;
  readonly fileOfKey: Map<string, SourceFile>;
  readonly findings: Finding[];
  complete: boolean;
}

async function listYaml(folder: string, reading: Reading): Promise<string[]> {
  const refuse = (file: string, message: string): void => void reading.findings.push(fileFinding(file, 1, message));
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch {
    reading.complete = false;
    refuse(folder, 'There is no such folder that can be read. Name the folder that holds the YAML files of the plan.');
    return [];
  }
  const yaml = names.filter((name) => name.endsWith('.yaml'));
  for (const name of names.filter((other) => /\.ya?ml$/i.test(other) && !other.endsWith('.yaml')))
    refuse(name, 'This file is not read: a plan is in files whose names end in .yaml. Rename it, or remove it.');
  if (yaml.length === 0) {
    reading.complete = false;
    refuse(folder, 'The folder holds no *.yaml file. Name the folder that holds the YAML files of the plan, or write one with `dr init`.');
  }
  if (yaml.length <= folderBounds.filesMax) return yaml;
  reading.complete = false;
  refuse(folder, `The folder holds ${yaml.length} *.yaml files, and a plan has at most ${folderBounds.filesMax}. Name the folder of one plan.`);
  return [];
}

/** Undefined when the file cannot be used; what is wrong with it is among the findings. */
async function readFile(folder: string, name: string, reading: Reading): Promise<SourceFile | undefined> {
  const refuse = (line: number, message: string): undefined => {
    reading.complete = false;
    reading.findings.push(fileFinding(name, line, message));
  };
  const read = await readTextFile(join(folder, name), folderBounds.fileBytesMax);
  if ('refused' in read) return refuse(read.line, read.refused);
  const file = { name, ...parseYaml(read.text) };
  if (file.fault) return refuse(file.fault.line, file.fault.message);
  return file;
}

function mergeFile(file: SourceFile, reading: Reading): void {
  const { files, data, fileOfKey, findings } = reading;
  files.push(file);
  if (file.document.contents === null) return;
  if (!isMap(file.document.contents)) {
    reading.complete = false;
    findings.push(fileFinding(file.name, 1, 'The file is not a mapping of keys. Begin it with a key of the plan, such as `sites:`.'));
    return;
  }
  // The repeats are counted already.
  const content = file.document.toJS({ maxAliasCount: -1 }) as Record<string, unknown>;
  for (const [key, value] of Object.entries(content)) {
    const first = fileOfKey.get(key);
    if (first) {
      const line = file.lines.linePos(offsetOf(file.document, [key]) ?? 0).line;
      findings.push({ ...fileFinding(file.name, line, `"${key}" stands in ${first.name} too. Keep it in one of the two files.`), path: key });
      continue;
    }
    fileOfKey.set(key, file);
    data[key] = value;
  }
}

/** Whether data takes more bytes than that, about as JSON; looked at no further than to there, since repeats can make much of little. */
function isLarger(data: unknown, bytesMax: number): boolean {
  let bytes = 0;
  const add = (value: unknown): boolean => {
    if (value === null || typeof value !== 'object') bytes += Buffer.byteLength(String(value)) + 3;
    else
      for (const [key, part] of Object.entries(value)) {
        bytes += Array.isArray(value) ? 1 : Buffer.byteLength(key) + 4;
        if (add(part)) return true;
      }
    return bytes > bytesMax;
  };
  return add(data);
}

function fileFinding(file: string, line: number, message: string): Finding {
  return { file, line, path: '', level: 'error', rule: 'file', message };
}

/** Offset of the key of a path's last part where it has one (that is what people look for), else of the value. */
function offsetOf(document: Document.Parsed, path: PlanPath): number | undefined {
  const last = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(last));
    if (pair && isScalar(pair.key)) return start(pair.key as Node);
    return undefined;
  }
  const value = document.getIn(path, true);
  return isNode(value) ? start(value) : undefined;
}

function start(node: Node): number | undefined {
  return node.range?.[0];
}
