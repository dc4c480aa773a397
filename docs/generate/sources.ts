/** Declarations of TypeScript sources, as they are written. By indentation, which prettier keeps: a declaration begins and ends at a line's beginning. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file of the repository. */
export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export interface Declaration {
  readonly name: string;
  /** The docstring's sentence or sentences; empty without one. */
  readonly doc: string;
  /** Without `export`. */
  readonly text: string;
}

/** Exported interfaces, types and constants of a file, in their order. */
export async function declarationsOf(source: string): Promise<readonly Declaration[]> {
  const text = await readFile(fromRoot(source), 'utf8');
  const pattern =
    /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export ((?:interface (\w+)[\s\S]*?^\})|(?:(?:type|const) (\w+)[\s\S]*?;))$(?=\n(?:\n|export|\/|$)|$(?![\s\S]))/gm;
  return [...text.matchAll(pattern)].map((match) => ({ name: match[3] ?? match[4] ?? '', doc: plain(match[1] ?? ''), text: match[2] ?? '' }));
}

/** The declarations that a text names, and those that they name in turn, in the order in which they are first named. */
export function closure(start: readonly string[], known: readonly Declaration[]): readonly Declaration[] {
  const found: Declaration[] = [];
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      const declaration = known.find((candidate) => candidate.name === name);
      if (!declaration || found.includes(declaration)) continue;
      found.push(declaration);
      visit(namesIn(declaration.text.replace(/\/\*\*[\s\S]*?\*\//g, '')));
    }
  };
  visit(start);
  return found;
}

/** Names of types in a piece of code: what begins with a capital. */
export function namesIn(text: string): readonly string[] {
  return text.match(/\b[A-Z]\w*/g) ?? [];
}

function plain(doc: string): string {
  return doc
    .replace(/^\s*\*? ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
