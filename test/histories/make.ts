/**
 * `npm run histories`: makes and stores the histories of this release, one for each ending, and keeps those of releases before. On a real Temporal dev server, with the worker's own options and the model of the
 * estate: only a real server stamps a history with releases, and answers updates as production does. What would wait for a quarter of an hour, the gate that expires, has a shorter plan; nothing else does.
 * About a minute. Ends with 1, and writes nothing, when one does not end as it should.
 */
import { existsSync } from 'node:fs';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { Stage } from '../client/support.ts';
import { beginOf, endings, endOf } from './endings.ts';
import { Actors, type Scene, scenes, Theatre } from './scenes.ts';
import { folderOf, releaseOfSources, writeHistories } from './store.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The histories of one scene, by the names of their endings. Throws when one ended otherwise. */
async function play(stage: Stage, scene: Scene): Promise<ReadonlyMap<string, History>> {
  const { plan, digest } = stage.plan;
  const estate = new Theatre({ digest, plan: scene.plan?.(plan) ?? plan });
  return stage.with(estate, async () => {
    const actors = new Actors(stage, estate);
    const played = await scene.play(actors);
    const histories = new Map<string, History>();
    for (const [at, name] of scene.ends.entries()) {
      const { workflowId, runId } = played[at] ?? { workflowId: '', runId: '' };
      const history = await stage.env.client.workflow.getHandle(workflowId, runId).fetchHistory();
      const [found, wanted] = [{ type: beginOf(history).type, end: endOf(history) }, endings[name]];
      if (found.type !== wanted.type || found.end !== wanted.end)
        throw new Error(
          `"${name}" should be ${wanted.type}, ${wanted.end}, and is ${found.type}, ${found.end}. Nothing was stored. Look at its scene in test/histories/scenes.ts.`,
        );
      histories.set(name, history);
      say(`${name}: ${history.events?.length} events`);
    }
    await stage.clear(`recovery/${plan.estate.name}`);
    return histories;
  });
}

async function make(): Promise<void> {
  const release = releaseOfSources();
  const folder = folderOf(release);
  if (existsSync(folder))
    throw new Error(
      `${folder} exists: what a release has made is kept. Nothing was made. Give this release its version in package.json, or remove the folder of one that was never released.`,
    );
  const stage = await Stage.open();
  try {
    const histories = new Map<string, History>();
    for (const scene of scenes) for (const [name, history] of await play(stage, scene)) histories.set(name, history);
    writeHistories(release, histories);
    say(`${histories.size} histories of ${release} are in ${folder}. Commit them.`);
  } finally {
    await stage.close();
  }
}

try {
  await make();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
