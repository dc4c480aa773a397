/** Goal: the structure stays what ARCHITECTURE.md says. Method: read the sources as text; each rule is a pure function that is itself tested on a line that breaks it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['plan', 'report', 'workflows', 'activities', 'workers', 'client', 'lab', 'bench', 'test', 'site-agent', 'docs/examples', 'docs/generate'];

interface Source {
  readonly path: string;
  readonly text: string;
}

function sourcesBelow(folder: string): Source[] {
  return readdirSync(join(root, folder)).flatMap((name): Source[] => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return sourcesBelow(path);
    return path.endsWith('.ts') ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}

const sources = folders.flatMap(sourcesBelow);
/** The programs that are no TypeScript: their lines and functions count as others do. */
const program = (path: string): Source => ({ path, text: readFileSync(join(root, path), 'utf8') });
const partsBelow = (folder: string) => readdirSync(join(root, 'site-agent', folder)).toSorted().map((name) => program(join('site-agent', folder, name))); // prettier-ignore
const agentParts = partsBelow('parts');
const agent = program('site-agent/site-agent');
const restoreParts = partsBelow('restore');
const restore = program('site-agent/site-restore');
/** Of the agent's own parts those that the restore's script shares, in their order, as `npm run site-agent` joins them. */
const sharedParts = [...(/ site-agent\/site-agent && (.*?) > site-restore/.exec(program('package.json').text)?.[1] ?? '').matchAll(/parts\/\S+/g)].map(([name]) => program(join('site-agent', name))); // prettier-ignore
const counter = program('site-agent/count-beyond');

/** What every folder of the workflows may import beside other workflows. */
const pureOfWorkflows = [
  'plan/schema',
  'plan/durations',
  'plan/catalogue',
  'plan/rules',
  'report/report',
  'report/media',
  'ports:activities',
  'types:activities',
];

/** Who may import whom. A value is a folder or a file prefix; `types:` allows `import type` only, `ports:` what the `port.ts` of a folder below has. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  plan: ['plan'],
  report: ['report', 'plan'],
  'workflows/wire': ['workflows/wire', ...pureOfWorkflows],
  'workflows/engine': ['workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  'workflows/estate': ['workflows/estate', 'workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  'workflows/reads': ['workflows/reads', 'workflows/estate', 'workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  'workflows/children': ['workflows/children', 'workflows/estate', 'workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  'workflows/steps': ['workflows/steps', 'workflows/children', 'workflows/estate', 'workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  'workflows/questions': ['workflows/questions', 'workflows/steps', 'workflows/estate', 'workflows/engine', 'workflows/wire', ...pureOfWorkflows],
  workflows: ['workflows', ...pureOfWorkflows],
  activities: ['activities', 'plan', 'report'],
  workers: ['workers', 'plan', 'report', 'workflows', 'activities', 'client/stuck', 'client/pollers', 'client/releases'],
  client: ['client', 'workflows/wire', 'report', 'plan', 'types:workflows', 'types:activities'],
  lab: ['lab', 'plan'],
  // The model of the tests answers for the drivers where only the worker's own cost counts.
  bench: ['bench', 'lab', 'client', 'plan', 'report', 'workflows/wire', 'types:workflows', 'test/model'],
  // What judges and what is shared know nothing of those who use them.
  'test/driven': ['test/driven', 'plan', 'report', 'workflows/wire', 'types:test/model'],
  'test/stage': ['test/stage', 'test/driven', 'test/scenarios', 'test/support', 'lab', 'client', 'plan', 'workers', 'workflows'],
  'test/invariants': [
    'test/invariants',
    'test/driven',
    'test/stage',
    'test/scenarios',
    'test/report/example',
    'test/support',
    'lab',
    'plan',
    'report',
    'workflows',
  ],
  'docs/examples': ['client'],
  'docs/generate': ['docs/generate', 'plan', 'report', 'workflows/wire', 'activities/errors', 'activities/aws/declared', 'activities/aws/operations', 'client'],
};

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf({ path, text }: Source): Import[] {
  const pattern = /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    typeOnly: match[1] !== undefined,
    target: relative(root, resolve(root, dirname(path), match[2] ?? '')),
  }));
}

const isPort = (path: string) => /^activities\/[^/]+\/port\.ts$/.test(path);

function forbiddenImports(source: Source): string[] {
  // Workflows have the values of a port: what it brings along reaches their sandbox.
  if (isPort(source.path)) return importsOf(source).filter(({ typeOnly }) => !typeOnly).map(({ target }) => `${source.path} imports ${target}, and a port imports types alone`); // prettier-ignore
  const folder = Object.keys(arrows).find((name) => source.path.startsWith(`${name}/`));
  if (!folder) return [];
  const allowed = arrows[folder] ?? [];
  const fits = ({ target, typeOnly }: Import) =>
    allowed.some((rule) =>
      rule.startsWith('ports:')
        ? isPort(target)
        : rule.startsWith('types:')
          ? typeOnly && target.startsWith(`${rule.slice(6)}/`)
          : target === `${rule}.ts` || target.startsWith(`${rule}/`) || target.startsWith(`${rule}.`),
    );
  return importsOf(source)
    .filter((entry) => !fits(entry))
    .map((entry) => `${source.path} imports ${entry.target}`);
}

/** A way along imports, of types too, that comes back to where it began; empty when there is none. */
function circle(among: readonly Source[]): string[] {
  const targets = new Map(among.map((source) => [source.path, importsOf(source).map(({ target }) => target)]));
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    const found = (targets.get(path) ?? []).map((target) => follow(target, [...way, path])).find(({ length }) => length > 0) ?? [];
    done.add(path);
    return found;
  };
  return [...targets.keys()].map((path) => follow(path, [])).find(({ length }) => length > 0) ?? [];
}

/** Calls that have a better way here. */
const banned: readonly { readonly pattern: RegExp; readonly instead: string; readonly where: RegExp }[] = [
  {
    pattern: /\bfrom 'node:/,
    instead: 'nothing of Node exists in a workflow; do it in an activity',
    where: /^(workflows|report)\/|^plan\/(schema|catalogue|rules|durations)/,
  },
  { pattern: /process\.env\b/, instead: 'read the environment once, in the config of the process', where: /^(plan|report|workflows|activities)\/(?!secrets)/ },
  { pattern: /\b(describe|it|test)\.(skip|only)\(/, instead: 'fix the test or remove it', where: /^test\// },
  { pattern: /\b(TODO|FIXME|XXX)\b/, instead: 'do it now, or write an issue', where: /./ },
  {
    pattern: /^(import|export) [^(]*report\/page\//m,
    instead: 'import() it where a page is made: it loads the plotting library',
    where: /^(plan|workflows|activities|workers|client)\//,
  },
  {
    pattern: /child_process'/,
    instead: 'only the lab starts processes, and one file that starts Terraform',
    where: /^(plan|report|workflows|activities\/(?!stack\/terraform-program)|workers|client)\b/,
  },
];

function bannedCalls({ path, text }: Source): string[] {
  if (path === 'test/architecture.test.ts') return [];
  return banned
    .filter(({ pattern, where }) => where.test(path) && pattern.test(text))
    .map(({ pattern, instead }) => `${path} has ${pattern.source}: ${instead}`);
}

/** Lines of a source file; a test file tells many cases of one subject. */
const fileLinesMax = (path: string) => (path.startsWith('test/') ? 600 : 400);
const functionLinesMax = 70;

/** Functions that start at a line's beginning or as a member, and how long they are; by indentation, which prettier keeps. */
function longFunctions({ path, text }: Source): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    const head = /^(\s*)(?:export )?(?:async )?(?:static )?(?:private )?(?:async )?(?:function \w+(?:<.*>)?|\w+)\(.*\{(?: #.*)?$/.exec(line);
    if (!head || /^\s*(describe|it|if|for|while|switch|beforeEach|afterAll|beforeAll)\b/.test(line)) return [];
    const end = lines.findIndex((candidate, index) => index > start && candidate.startsWith(`${head[1]}}`));
    return end - start > functionLinesMax ? [`${path}:${start + 1} has a function of ${end - start} lines; at most ${functionLinesMax}`] : [];
  });
}

describe('the arrows', () => {
  it('point one way', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });
  it('lead into no circle', () => {
    expect(circle(sources)).toEqual([]);
    const pair = [
      { path: 'plan/a.ts', text: "import type { b } from './b.ts';" },
      { path: 'plan/b.ts', text: "import { a } from './a.ts';" },
    ];
    expect(circle(pair)).toEqual(['plan/a.ts', 'plan/b.ts', 'plan/a.ts']);
  });
  it('are seen to be broken', () => {
    expect(forbiddenImports({ path: 'lab/x.ts', text: "import { a } from '../activities/errors.ts';" })).toEqual(['lab/x.ts imports activities/errors.ts']);
    expect(forbiddenImports({ path: 'workflows/x.ts', text: "import { a } from '../activities/index.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'workflows/x.ts', text: "import type { a } from '../activities/index.ts';" })).toEqual([]);
    expect(forbiddenImports({ path: 'workflows/x.ts', text: "import { a } from '../activities/dns/port.ts';" })).toEqual([]);
    expect(forbiddenImports({ path: 'activities/dns/port.ts', text: "import { a } from './route53.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'workflows/x.ts', text: "import { a } from '../plan/load.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'workflows/engine/x.ts', text: "import type { a } from '../estate/facts.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'workflows/wire/x.ts', text: "import { a } from '../engine/run.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'workflows/x.ts', text: "import { a } from '../report/formats/junit.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'lab/x.ts', text: "import { a } from '../bench/judge.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'test/stage/x.ts', text: "import { a } from '../sweep/acts.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'test/driven/x.ts', text: "import { a } from '../simulation/simulation.ts';" })).toHaveLength(1);
    expect(forbiddenImports({ path: 'bench/x.ts', text: "import { a } from '../activities/ssh/agent.ts';" })).toHaveLength(1);
  });
});

describe('the house rules', () => {
  it('hold', () => {
    expect(sources.flatMap(bannedCalls)).toEqual([]);
  });
  it('are seen to be broken', () => {
    expect(bannedCalls({ path: 'workflows/x.ts', text: "import { readFile } from 'node:fs';" })).toHaveLength(1);
    expect(bannedCalls({ path: 'client/x.ts', text: "import { spawn } from 'node:child_process';" })).toHaveLength(1);
    expect(bannedCalls({ path: 'client/x.ts', text: "import { renderPage } from '../report/page/page.ts';" })).toHaveLength(1);
    expect(bannedCalls({ path: 'client/x.ts', text: "const { renderPage } = await import('../report/page/page.ts');" })).toEqual([]);
  });
  it('keep files and functions small', () => {
    const counted = [...sources, ...agentParts, ...restoreParts, counter];
    const lines = ({ text }: Source) => text.split('\n').length;
    expect(counted.filter((source) => lines(source) > fileLinesMax(source.path)).map(({ path }) => path)).toEqual([]);
    expect(counted.filter(({ path }) => !path.startsWith('test/')).flatMap(longFunctions)).toEqual([]);
    for (const head of ['function f() {', 'export async function f<T extends object>(of: T) {', 'f() { # SITE']) {
      expect(longFunctions({ path: 'x.ts', text: `${head}\n${'  a();\n'.repeat(71)}}` }), head).toHaveLength(1);
      expect(longFunctions({ path: 'x.ts', text: `${head}\n${'  a();\n'.repeat(69)}}` }), head).toEqual([]);
    }
  });
  it('let nobody change the joined agent, or forget to join it after a change of its parts: npm run site-agent', () => {
    expect(agentParts.length).toBeGreaterThan(10);
    expect(agent.text === agentParts.map(({ text }) => text).join(''), 'site-agent/site-agent is its parts, joined').toBe(true);
    const [head, ...own] = restoreParts;
    expect(sharedParts.length).toBeGreaterThan(3);
    expect(restore.text === [head, ...sharedParts, ...own].map((part) => part?.text).join(''), 'site-agent/site-restore is its parts, joined').toBe(true);
  });
  it('name each function of the agent once, since a shell takes the last without a word', () => {
    for (const [{ text }, one] of [
      [agent, 'database_close'],
      [restore, 'database_restore'],
    ] as const) {
      const names = [...text.matchAll(/^(\w+)\(\) \{/gm)].map(([, name]) => name);
      expect(names).toContain(one);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });
  it('keep the estate out of the code: only plans, the lab, tests and benchmarks name erlmcp or a site', () => {
    const code = (text: string) => text.replace(/^\s*(\/\*\*|\*|\/\/).*$/gm, '').replaceAll('plan/erlmcp', '');
    const naming = sources.filter(
      ({ path, text }) => !/^(lab|test|docs|bench)\//.test(path) && /\b(erlmcp|us-east-1|eu-central-1|ap-southeast-1)\b/.test(code(text)),
    );
    expect(naming.map(({ path }) => path)).toEqual([]);
  });
});
