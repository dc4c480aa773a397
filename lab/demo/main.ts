/**
 * `npm run demo`: a region dies, people approve, another takes over, and the customers' own figures are held against the report. `npm run demo -- cold-start`: every running site dies, and backups are left.
 * On a terminal it waits for your votes; otherwise two demo commanders decide. Exit code 0 only when both accounts agree and every objective was met.
 */
import { join } from 'node:path';
import { decideUntilEnd, leftToOthers, statusOf } from '../orchestrator/recovery.ts';
import { customersServed, Stack, untilServed } from '../orchestrator/stack.ts';
import { repositoryRoot } from '../paths.ts';
import { primarySite } from '../settings.ts';
import type { CustomerFigures } from '../customers/figures.ts';
import { formatFigures } from '../customers/table.ts';
import { coldStart } from './cold-start.ts';
import type { ReportView } from './compare.ts';
import { failover } from './failover.ts';
import type { Story } from './story.ts';
import { teller } from './teller.ts';

const stories: Readonly<Record<string, Story>> = { failover, 'cold-start': coldStart };
const say = (line = '') => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const named = process.argv[2] ?? 'failover';
  const story = Object.hasOwn(stories, named) ? stories[named] : undefined;
  if (!story) {
    process.stderr.write(`There is no demo "${named}". Nothing was started. There are: ${Object.keys(stories).join(', ')}.\n`);
    return 2;
  }
  const startedAt = Date.now();
  const folder = join(repositoryRoot(), '.demo');
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const stack = await Stack.start({ lab: 'demo', folder, ports: { server: 7233, ui: 8233 }, progress: (line) => say(`· ${line}`) });
  const ending = endOnInterrupt(stack);
  try {
    await customersServed(stack);
    say(`· The customers are served from ${primarySite} (${((Date.now() - startedAt) / 1000).toFixed(0)} s after the start)\n`);
    const since = new Date().toISOString();
    await story.prepare(stack, say);
    say(await story.lose(stack));
    await recover(stack, story, interactive);
    return await settle(stack, story, since);
  } finally {
    await ending();
  }
}

/** Starts the procedure and lets people decide: you on a terminal, two demo commanders elsewhere. */
async function recover(stack: Stack, story: Story, interactive: boolean): Promise<void> {
  const started = await stack.dr(...story.starts, '--as', 'carol-brown', '--detach');
  if (started.code !== 0) throw new Error(`The run did not start: ${started.err.trim()}`);
  say(started.out.trim());
  say('Vote in Temporal UI (More Actions, Send a Signal), or by node dist/client/cli/main.js with the words that stand below each question,');
  say(
    `with ${Object.entries(stack.environment)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}\n`,
  );
  await decideUntilEnd(stack, interactive ? leftToOthers : story.answers, {
    onView: teller(say),
    onVote: ({ question }, choice) => say(`  two demo commanders vote ${choice}: ${question}`),
  });
}

/** Prints the report and the customers' figures side by side, and judges. */
async function settle(stack: Stack, story: Story, since: string): Promise<number> {
  await untilServed(stack);
  const markdown = await stack.dr('report');
  const view = await statusOf(stack);
  if (view.state !== 'ended') throw new Error(`The run did not end well: ${markdown.err.trim()}`);
  const report = JSON.parse((await stack.dr('report', '--json')).out) as ReportView;
  const figures = JSON.parse(await stack.lab('--json', 'customers', 'figures', '--since', since)) as CustomerFigures;
  say(`\n${markdown.out.trim()}\n`);
  say(`## What the customers saw\n\n${formatFigures(figures)}\n`);
  const verdict = story.compare(report, figures, 1);
  for (const line of verdict.lines) say(line);
  say(verdict.good ? '\nThe run and its customers agree, and every objective was met.' : '\nNOT GOOD: see the lines marked with ✗ above.');
  return verdict.good ? 0 : 1;
}

/** Ctrl-C ends everything that was started; so does the normal end. */
function endOnInterrupt(stack: Stack): () => Promise<void> {
  let ended: Promise<void> | null = null;
  const end = () => (ended ??= stack.stop());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('\nEnding the lab, the worker and Temporal …');
      void end().then(() => process.exit(130));
    });
  }
  return end;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`The demo stopped: ${error instanceof Error ? error.message : String(error)}\nEverything that it started was ended.\n`);
    process.exitCode = 1;
  },
);
