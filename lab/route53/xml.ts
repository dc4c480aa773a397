/** As much XML as Route 53's API needs: elements and text. */

export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name as string] ?? whole;
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&${Object.keys(entities).find((name) => entities[name] === character) as string};`);
}

/** The root element. Throws a SyntaxError when elements do not nest. */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = { name: '', children: [], text: '' };
  const open = [root];
  for (const [, tag, text] of source.matchAll(/<([^>]+)>|([^<]+)/g)) {
    const parent = open.at(-1) as XmlElement;
    if (text !== undefined) parent.text += decode(text);
    else if (tag === undefined || tag.startsWith('?') || tag.startsWith('!')) continue;
    else if (tag.startsWith('/')) {
      if (open.length === 1 || parent.name !== tag.slice(1).trim()) throw new SyntaxError(`</${tag.slice(1)}> closes nothing that is open.`);
      open.pop();
    } else {
      const element: XmlElement = { name: (/^[^\s/]+/.exec(tag) as RegExpExecArray)[0], children: [], text: '' };
      parent.children.push(element);
      if (!tag.endsWith('/')) open.push(element);
    }
  }
  const [document] = root.children;
  if (open.length !== 1 || !document) throw new SyntaxError('The document is not one complete element.');
  return document;
}

export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

/** `<name>…</name>` with its content already XML. */
export function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}
