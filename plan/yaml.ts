/** One YAML text, within bounds: what makes a parser or a reader go astray is a finding before it is data. */
import { isAlias, isCollection, isPair, isScalar, LineCounter, type Node, parseDocument, Parser, type CST, type Document, visit } from 'yaml';

/** Bounds of one file, each with its reason. */
export const yamlBounds = {
  /** A plan's own parts stand eight deep; parsers and people lose their way far below this. */
  depthMax: 20,
  /** Repeats, each counted as often as it is read. Nobody who checks a plan follows more of them, and a few that repeat each other fill any memory. */
  aliasesMax: 100,
} as const;

export interface YamlFault {
  readonly line: number;
  readonly message: string;
}

export interface YamlText {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** The first fault: those after it are mostly its consequences. */
  readonly fault?: YamlFault;
}

/** Parses a text. With a fault the document is not to be used. */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  const deep = tooDeep(text);
  const document = parseDocument(deep === undefined ? text : '', { lineCounter: lines, prettyErrors: false, version: '1.2' });
  if (deep !== undefined) return { document, lines, fault: { line: text.slice(0, deep).split('\n').length, message: tooDeepMessage } };
  const [first] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first) {
    const message =
      first.code === 'MULTIPLE_DOCS'
        ? 'A second document begins after this line (---), and a file of a plan is one. Take the line out, or make it a file of its own.'
        : `This is not valid YAML: ${sentenceOf(first.message)}. Mend the line.`;
    return { document, lines, fault: { line: lines.linePos(first.pos[0]).line, message } };
  }
  const fault = keyFault(document) ?? aliasFault(document);
  return { document, lines, ...(fault === undefined ? {} : { fault: { line: lines.linePos(fault.offset).line, message: fault.message } }) };
}

const tooDeepMessage = `Here the file is nested more than ${yamlBounds.depthMax} deep, which no part of a plan is. Take the brackets or the indentation back.`;

/** Offset where a text nests too deeply. The parser works without recursion, what composes its tokens does not. */
function tooDeep(text: string): number | undefined {
  const waiting: { readonly token: CST.Token; readonly depth: number }[] = [...new Parser().parse(text)].map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > yamlBounds.depthMax) return token.offset;
    if (token.type === 'document' && token.value) waiting.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const item of token.items) for (const part of [item.key, item.value]) if (part) waiting.push({ token: part, depth: depth + 1 });
  }
  return undefined;
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** Keys that programs take for something else than a key. */
function keyFault(document: Document.Parsed): Fault | undefined {
  let fault: Fault | undefined;
  visit(document, {
    Pair: (_position, pair) => {
      const key: unknown = pair.key;
      const offset = isScalar(key) || isCollection(key) || isAlias(key) ? (key.range?.[0] ?? 0) : 0;
      if (!isScalar(key)) fault = { offset, message: 'A key is a list, a mapping or a repeat here. Write a name before the colon.' };
      else if (key.value === '__proto__') fault = { offset, message: '"__proto__" cannot be a key: programs take it for something else. Write another name.' };
      return fault ? visit.BREAK : undefined;
    },
  });
  return fault;
}

/** Repeats (`*name`) of what is nowhere, of themselves, or of too much. */
function aliasFault(document: Document.Parsed): Fault | undefined {
  const counts = new Map<Node, number | 'being counted'>();
  let fault: Fault | undefined;
  const count = (node: unknown): number => {
    if (fault) return 0;
    if (isPair(node)) return count(node.key) + count(node.value);
    if (isAlias(node)) return 1 + countOf(node.resolve(document), node.source, node.range?.[0] ?? 0);
    if (!isCollection(node)) return 0;
    const known = counts.get(node);
    if (typeof known === 'number') return known;
    counts.set(node, 'being counted');
    let sum = 0;
    for (const item of node.items) sum += count(item);
    counts.set(node, sum);
    return sum;
  };
  const countOf = (target: Node | undefined, name: string, offset: number): number => {
    if (target === undefined)
      fault = { offset, message: `*${name} repeats what is named &${name}, and nothing above has that name. Name it, or write it out.` };
    else if (counts.get(target) === 'being counted') fault = { offset, message: `*${name} stands inside of what it repeats. Write it out.` };
    return count(target);
  };
  const all = count(document.contents);
  if (fault) return fault;
  const message = `The repeats (*name) of this file add up to more than ${yamlBounds.aliasesMax}. Write out what they repeat.`;
  return all > yamlBounds.aliasesMax ? { offset: firstAlias(document), message } : undefined;
}

function firstAlias(document: Document.Parsed): number {
  let offset = 0;
  visit(document, {
    Alias: (_key, alias) => {
      offset = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

function sentenceOf(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
