import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeExports } from '../../client/cli/exports.ts';
import { exitCodes } from '../../client/cli/exit-codes.ts';
import type { Io } from '../../client/cli/io.ts';
import { renderPage } from '../../report/page/page.ts';
import { exampleReport } from '../report/example.ts';

let folder: string;
let said: string;
const io: Io = {
  environment: {},
  interactive: false,
  out: () => undefined,
  err: (text) => void (said += text),
  clear: () => undefined,
  redraw: () => undefined,
  onInterrupt: () => () => undefined,
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dr-export-'));
  said = '';
});

describe('files that a report is written to', () => {
  test('are those that were asked for', async () => {
    const [junit, cloudevents] = [path.join(folder, 'run.xml'), path.join(folder, 'run.json')];
    expect(await writeExports(io, { junit, cloudevents }, exampleReport)).toBe(exitCodes.ok);
    expect(await readFile(junit, 'utf8')).toContain('<testsuites name="regionalFailover of example"');
    expect(JSON.parse(await readFile(cloudevents, 'utf8'))).toHaveLength(7);
    expect(said).toBe(`Wrote ${junit}.\nWrote ${cloudevents}.\n`);
    expect(await writeExports(io, {}, exampleReport)).toBe(exitCodes.ok);
    expect(await readdir(folder)).toEqual(['run.json', 'run.xml']);
  });

  test('replace an earlier one, and say so', async () => {
    const junit = path.join(folder, 'run.xml');
    await writeFile(junit, 'old');
    expect(await writeExports(io, { junit }, exampleReport)).toBe(exitCodes.ok);
    expect(said).toBe(`Replaced ${junit}.\n`);
    expect(await readFile(junit, 'utf8')).not.toBe('old');
  });

  test('that cannot be written keep no other from being written, and leave nothing half', async () => {
    const cloudevents = path.join(folder, 'run.json');
    const junit = path.join(folder, 'not-there', 'run.xml');
    expect(await writeExports(io, { junit, cloudevents }, exampleReport)).toBe(exitCodes.exportFailed);
    expect(said).toContain(`${junit} was not written (--junit): ENOENT`);
    expect(said).toContain('The run and its report are as they were.\n');
    expect(said).toContain('ask again: dr report --run recovery/example --junit FILE\n');
    expect(await readdir(folder)).toEqual(['run.json']);
  });

  test('never take the place of a folder', async () => {
    const junit = path.join(folder, 'run.xml');
    await mkdir(junit);
    expect(await writeExports(io, { junit }, exampleReport)).toBe(exitCodes.exportFailed);
    expect(said).toContain('something else than a file has that name');
    expect(await readdir(folder)).toEqual(['run.xml']);
  });

  test('are not written for a report that is no event', async () => {
    const cloudevents = path.join(folder, 'run.json');
    expect(await writeExports(io, { cloudevents }, { ...exampleReport, startedAt: 'yesterday' })).toBe(exitCodes.exportFailed);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the page and its print', () => {
  const withEnvironment = (environment: Io['environment']): Io => ({ ...io, environment });

  test('are written as the page and as PDF with text in it', async () => {
    const [html, pdf] = [path.join(folder, 'report.html'), path.join(folder, 'report.pdf')];
    expect(await writeExports(withEnvironment(process.env), { html, pdf }, exampleReport)).toBe(exitCodes.ok);
    expect(await readFile(html, 'utf8')).toBe(renderPage(exampleReport));
    const printed = await readFile(pdf, 'latin1');
    expect(printed.startsWith('%PDF-')).toBe(true);
    expect(printed).toMatch(/\/Lang \(en\)/);
    expect(printed.match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(3);
  });

  test('end with a code of their own where no Chromium is, and say how to get one', async () => {
    const pdf = path.join(folder, 'report.pdf');
    expect(await writeExports(withEnvironment({ PATH: folder }), { pdf }, exampleReport)).toBe(exitCodes.noBrowser);
    expect(said).toContain('there is no Chromium on the PATH: install it (apt-get install chromium), set DR_CHROMIUM to one, or print the page of');
    expect(await writeExports(withEnvironment({ DR_CHROMIUM: '/nowhere/chromium' }), { pdf }, exampleReport)).toBe(exitCodes.noBrowser);
    expect(said).toContain('DR_CHROMIUM names /nowhere/chromium, which cannot be run');
    expect(await readdir(folder)).toEqual([]);
  });

  test('are not written where the Chromium that is named does not print', async () => {
    const pdf = path.join(folder, 'report.pdf');
    expect(await writeExports(withEnvironment({ DR_CHROMIUM: '/bin/false' }), { pdf }, exampleReport)).toBe(exitCodes.exportFailed);
    expect(said).toMatch(/report\.pdf was not written \(--pdf\): .*\. The run and its report are as they were\.\n/);
    expect(await readdir(folder)).toEqual([]);
  });
});
