/**
 * Starts a dry run of a regional failover and prints how it would go. Arguments: the estate, the failed site, the target.
 *
 *     TEMPORAL_ADDRESS=127.0.0.1:7233 node --import tsx docs/examples/client.ts shop site-a site-b
 */
import { DrClient, DrError } from 'dr-orchestrator';

const [estate = '', from = '', to = ''] = process.argv.slice(2);

const client = await DrClient.connect();
try {
  const { runId } = await client.start('regionalFailover', { estate, from, to, mode: 'dry-run', startedBy: 'nightly-rehearsal' });
  for await (const view of client.watch(runId)) {
    if (view.state === 'running') process.stdout.write(`${view.status.phase}: ${view.status.forecast}\n`);
  }
  const report = await client.result(runId);
  process.stdout.write(`${report.outcome}: ${report.summary}\n`);
  for (const change of report.changes) process.stdout.write(`would change: ${change}\n`);
} catch (error) {
  if (!(error instanceof DrError)) throw error;
  process.stderr.write(`${error.message} ${error.hint}\n`);
  process.exitCode = 1;
} finally {
  await client.close();
}
