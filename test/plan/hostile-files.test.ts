/** Goal: whatever lies in a plan's folder, the check says what, where and what to do, and nothing else happens. Method: the command itself, on real files, links and pipes. */
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDr } from '../client/support.ts';
import { PlanCopy } from '../support/plan-copies.ts';

let copy: PlanCopy;

beforeEach(async () => {
  copy = await PlanCopy.of();
});
afterEach(() => copy.remove());

const inFolder = (name: string): string => join(copy.folder, name);
const write = (text: string | Buffer) => writeFile(inFolder('zz.yaml'), text);
/** Each line repeats the one above it often. */
const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 15 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`)];

const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  [
    'an undefined alias',
    () => write('spare:\n  - *nowhere\n'),
    'zz.yaml:2: error [file] *nowhere repeats what is named &nowhere, and nothing above has that name.',
  ],
  ['a repeat inside of itself', () => write('spare: &a\n  - *a\n'), 'zz.yaml:2: error [file] *a stands inside of what it repeats.'],
  ['an alias bomb', () => write(bomb.join('\n')), 'zz.yaml:2: error [file] The repeats (*name) of this file add up to more than 100.'],
  ['brackets without end', () => write(`spare: ${'['.repeat(20_000)}`), 'zz.yaml:1: error [file] Here the file is nested more than 20 deep'],
  ['a symlink loop', () => symlink('zz.yaml', inFolder('zz.yaml')), 'zz.yaml:1: error [file] The link leads back to itself.'],
  ['a dangling link', () => symlink('nowhere', inFolder('zz.yaml')), 'zz.yaml:1: error [file] It is not there, or is a link that leads nowhere.'],
  ['a folder', () => mkdir(inFolder('zz.yaml')), 'zz.yaml:1: error [file] It is a folder.'],
  ['a device', () => symlink('/dev/zero', inFolder('zz.yaml')), 'zz.yaml:1: error [file] It is no regular file.'],
  ['a pipe that nobody writes', async () => execFileSync('mkfifo', [inFolder('zz.yaml')]), 'zz.yaml:1: error [file] It is no regular file.'],
  ['text that is not UTF-8', () => write(Buffer.from('# é\n# \xe9\n', 'latin1')), 'zz.yaml:1: error [file] The line is not UTF-8. Save the file as UTF-8.'],
  [
    'text of which one line is not UTF-8',
    () => write(Buffer.concat([Buffer.from('# é\n# '), Buffer.from([0xe9, 0x0a])])),
    'zz.yaml:2: error [file] The line is not UTF-8.',
  ],
  ['a file of 5 MB', () => write(`# ${'x'.repeat(5_000_000)}`), 'zz.yaml:1: error [file] It is larger than 262144 bytes.'],
  ['two documents in a file', () => write('# one\n---\nspare: 1\n---\nspare: 2\n'), 'error [file] A second document begins after this line (---)'],
  ['a list', () => write('- plan\n'), 'zz.yaml:1: error [file] The file is not a mapping of keys.'],
  ['a key that objects have', () => write('__proto__: { plan: 1 }\n'), 'zz.yaml:1: error [file] "__proto__" cannot be a key'],
  [
    'a file of another ending',
    () => writeFile(inFolder('more.yml'), 'plan: 1\n'),
    'more.yml:1: error [file] This file is not read: a plan is in files whose names end in .yaml.',
  ],
  [
    'more files than a plan has',
    () => Promise.all(Array.from({ length: 60 }, (_, index) => writeFile(inFolder(`z${index}.yaml`), ''))),
    'error [file] The folder holds 66 *.yaml files, and a plan has at most 50.',
  ],
  [
    'files that are too much together',
    () => Promise.all(Array.from({ length: 5 }, (_, index) => writeFile(inFolder(`z${index}.yaml`), `spare${index}: ${'x'.repeat(250_000)}\n`))),
    'error [file] All files together are more than 1000000 bytes as data',
  ],
];

test.each(cases)('%s', async (_what, spoil, line) => {
  await spoil();
  const { code, out, err } = await runDr(['plan', 'check', copy.folder], {});
  expect(out).toContain(line);
  expect(out).toMatch(/cannot be used\. Mend the errors above and check again\.\n$/);
  expect({ code, err }).toEqual({ code: 2, err: '' });
});

describe('templates are files of the plan too', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'outside of the folder',
      () => copy.change('communication.yaml', 'templates/press-release.mustache', '../press-release.mustache'),
      "is not below the plan's folder",
    ],
    ['a device', () => copy.change('communication.yaml', 'templates/press-release.mustache', 'zero'), 'It is no regular file.'],
    [
      'braces that are not closed',
      () => writeFile(inFolder('templates/press-release.mustache'), '{{#answers}} for ever'),
      'is no Mustache text: Unclosed section',
    ],
  ];
  test.each(cases)('%s', async (_what, spoil, sentence) => {
    await symlink('/dev/zero', inFolder('zero'));
    await spoil();
    expect((await copy.errors()).join('\n')).toContain(sentence);
  });
});
