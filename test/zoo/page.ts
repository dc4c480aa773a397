/** What came of each shape, as a page. */
import { markdownTable } from 'markdown-table';
import { type Results, tally } from '../stage/results.ts';
import { drawResults } from './draws.ts';
import { type Expected, groups } from './shape.ts';
import { inhabitants, nameOf } from './zoo.ts';

export function page(results: Results): string {
  const names = inhabitants.map(nameOf);
  return [
    '# The zoo',
    '',
    'Estates as people really have them, and what comes of each. A shape is set up on real servers (PostgreSQL 15 and Redis 7.0 where no other version is named, OpenSSH, DNS; Route 53 emulated) and taken through a passage: the looks, the fence while customers with',
    'every kind of key and session write all the time, the undo, standbys that leave and come back, and the failover itself. It must **work** and leave everything byte for byte as it was after the undo, be **refused** before',
    'anything is changed, or **work with an exception** that says what is less; never anything in between.',
    '',
    'Written by `npm run test:zoo -- --write docs/zoo.md`. A shape again: `npm run test:zoo -- --only "<name>"`.',
    '',
    tally(names, results),
    '',
    ...draws(),
    ...groups.flatMap((group) => {
      const rows = inhabitants.filter((one) => one.group === group).map((one) => [one.name, one.like, expectation(one.expected), came(results, nameOf(one))]);
      return rows.length === 0
        ? []
        : [`## ${group[0]?.toUpperCase()}${group.slice(1)}`, '', markdownTable([['shape', 'what it is like', 'must come', 'came'], ...rows]), ''];
    }),
  ].join('\n');
}

/** What came of the adversary's draws, where some were run. */
function draws(): readonly string[] {
  const names = drawResults.names();
  if (names.length === 0) return [];
  return [
    'Draws of one or two shapes, customers of every kind, each with his moment, and a fence by agent or by replication (`npm run test:zoo -- --draws 300 --seed 7`, one again with `--draw K`); whatever was called',
    'proven must hold:',
    '',
    tally(names, drawResults),
    '',
  ];
}

function expectation(expected: Expected): string {
  return expected.comes;
}

function came(results: Results, name: string): string {
  const kept = results.of(name);
  if (!kept) return 'not run';
  const words = (kept.faults.length === 0 ? kept.ended : `**${kept.faults.join(' ')}**`).replaceAll('|', '/').replaceAll(/127\.\d+\.\d+\.\d+/g, 'ADDRESS');
  return words.replaceAll(/\/var\/tmp\/\S+?\/(east|west|north)\//g, '…/$1/').slice(0, 420);
}
