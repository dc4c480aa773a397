import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeExports } from '../../client/cli/exports.ts';
import type { Io } from '../../client/cli/io.ts';
import { exampleReport } from '../report/example.ts';

const exported = { report: exampleReport, ended: true };
let folder: string;
let said: string;
const io: Io = { environment: {}, interactive: false, out: () => undefined, err: (text) => void (said += text), onInterrupt: () => () => undefined };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dr-export-'));
  said = '';
});

describe('files that a report is written to', () => {
  test('are those that were asked for', async () => {
    const [junit, cloudevents] = [path.join(folder, 'run.xml'), path.join(folder, 'run.json')];
    expect(await writeExports(io, { junit, cloudevents }, exported)).toBe(true);
    expect(await readFile(junit, 'utf8')).toContain('<testsuites name="regionalFailover of example"');
    expect(JSON.parse(await readFile(cloudevents, 'utf8'))).toHaveLength(7);
    expect(said).toBe(`Wrote ${junit}.\nWrote ${cloudevents}.\n`);
    expect(await writeExports(io, {}, exported)).toBe(true);
    expect(await readdir(folder)).toEqual(['run.json', 'run.xml']);
  });

  test('replace an earlier one, and say so', async () => {
    const junit = path.join(folder, 'run.xml');
    await writeFile(junit, 'old');
    expect(await writeExports(io, { junit }, exported)).toBe(true);
    expect(said).toBe(`Replaced ${junit}.\n`);
    expect(await readFile(junit, 'utf8')).not.toBe('old');
  });

  test('that cannot be written keep no other from being written, and leave nothing half', async () => {
    const cloudevents = path.join(folder, 'run.json');
    const junit = path.join(folder, 'not-there', 'run.xml');
    expect(await writeExports(io, { junit, cloudevents }, exported)).toBe(false);
    expect(said).toContain(`${junit} was not written (--junit): ENOENT`);
    expect(said).toContain('The run and its report are as they were.\n');
    expect(said).toContain('ask again: dr report --run recovery/example --junit FILE\n');
    expect(await readdir(folder)).toEqual(['run.json']);
  });

  test('never take the place of a folder', async () => {
    const junit = path.join(folder, 'run.xml');
    await mkdir(junit);
    expect(await writeExports(io, { junit }, exported)).toBe(false);
    expect(said).toContain('something else than a file has that name');
    expect(await readdir(folder)).toEqual(['run.xml']);
  });

  test('are not written for a report that is no event', async () => {
    const cloudevents = path.join(folder, 'run.json');
    expect(await writeExports(io, { cloudevents }, { ...exported, report: { ...exampleReport, startedAt: 'yesterday' } })).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });
});
