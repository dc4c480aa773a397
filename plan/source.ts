/** The YAML files of a plan folder, and where in them each part of the plan stands. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { Finding } from './findings.ts';

export type PlanPath = readonly (string | number)[];

interface SourceFile {
  readonly name: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** The plan as written, before it is checked. */
export class PlanSource {
  readonly folder: string;
  /** Top-level keys of all files together. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What is wrong with the files themselves. */
  readonly findings: readonly Finding[];
  readonly #fileOfKey: ReadonlyMap<string, SourceFile>;
  readonly #files: readonly SourceFile[];

  private constructor(
    folder: string,
    files: readonly SourceFile[],
    data: Record<string, unknown>,
    fileOfKey: Map<string, SourceFile>,
    findings: readonly Finding[],
  ) {
    this.folder = folder;
    this.#files = files;
    this.data = data;
    this.#fileOfKey = fileOfKey;
    this.findings = findings;
  }

  /** Reads every `*.yaml` of the folder, in the order of their names. */
  static async read(folder: string): Promise<PlanSource> {
    const findings: Finding[] = [];
    const names = await listYaml(folder, findings);
    const files: SourceFile[] = [];
    for (const name of names) {
      const lines = new LineCounter();
      const document = parseDocument(await readFile(join(folder, name), 'utf8'), { lineCounter: lines, prettyErrors: false });
      files.push({ name, document, lines });
    }
    const data: Record<string, unknown> = {};
    const fileOfKey = new Map<string, SourceFile>();
    for (const file of files) mergeFile(file, data, fileOfKey, findings);
    return new PlanSource(folder, files, data, fileOfKey, findings);
  }

  /** File and line of a path, or of the nearest part above it that was written. */
  locate(path: PlanPath): { readonly file: string; readonly line: number } {
    const file = this.#fileOfKey.get(String(path[0] ?? ''));
    if (!file) return { file: this.#files[0]?.name ?? '', line: 1 };
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(file.document, path.slice(0, length));
      if (offset !== undefined) return { file: file.name, line: file.lines.linePos(offset).line };
    }
    return { file: file.name, line: 1 };
  }

  /** A path for people: items of a list by their id where they have one. */
  display(path: PlanPath): string {
    let value: unknown = this.data;
    const parts = path.map((key) => {
      const inList = Array.isArray(value);
      value = value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[key] : undefined;
      const id = inList && value !== null && typeof value === 'object' ? (value as { id?: unknown }).id : undefined;
      return typeof id === 'string' ? id : String(key);
    });
    return parts.join('.');
  }
}

async function listYaml(folder: string, findings: Finding[]): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    findings.push(fileFinding(folder, 1, 'There is no such folder that can be read. Name the folder that holds the YAML files of the plan.'));
    return [];
  }
  const yaml = names.filter((name) => name.endsWith('.yaml')).sort();
  if (yaml.length === 0)
    findings.push(
      fileFinding(folder, 1, 'The folder holds no *.yaml file. Name the folder that holds the YAML files of the plan, or write one with `dr init`.'),
    );
  return yaml;
}

function mergeFile(file: SourceFile, data: Record<string, unknown>, fileOfKey: Map<string, SourceFile>, findings: Finding[]): void {
  for (const error of file.document.errors) {
    findings.push(fileFinding(file.name, file.lines.linePos(error.pos[0]).line, `This is not valid YAML: ${firstLine(error.message)}. Mend the line.`));
  }
  if (file.document.errors.length > 0 || file.document.contents === null) return;
  if (!isMap(file.document.contents)) {
    findings.push(fileFinding(file.name, 1, 'The file is not a mapping of keys. Begin it with a key of the plan, such as `sites:`.'));
    return;
  }
  const content = file.document.toJS() as Record<string, unknown>;
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

function fileFinding(file: string, line: number, message: string): Finding {
  return { file, line, path: '', level: 'error', rule: 'file', message };
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\.$/, '');
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
