#!/usr/bin/env node
/** The `dr` command. */
import { processIo } from './io.ts';
import { runCli } from './program.ts';

// Whoever reads through `head` closes the pipe early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await runCli(process.argv.slice(2), processIo);
