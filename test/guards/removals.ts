/** The guards that the safety rules hang on, how each is taken out, and the test that must then turn red. */
import { awsRestoreRemovals } from './aws-restore-removals.ts';
import { holderRemovals } from './holder-removals.ts';
import { distanceRemovals } from './distance-removals.ts';
import { fenceRemovals } from './fence-removals.ts';
import { jobRemovals } from './job-removals.ts';
import type { Removal } from './removal.ts';
import { coldStartRemovals } from './cold-start-removals.ts';
import { shareRemovals } from './share-removals.ts';
import { cacheRemovals } from './cache-removals.ts';
import { restoreRemovals } from './restore-removals.ts';
import { stackRemovals } from './stack-removals.ts';
import { treeRemovals } from './tree-removals.ts';
import { treeRestoreRemovals } from './tree-restore-removals.ts';

export type { Removal };

const rules = 'test/plan/rules';
const locks = 'test/site-agent/locks.test.ts';
const guards = 'test/workflows/procedures/guards.test.ts';
const endings = 'test/workflows/procedures/endings.test.ts';
const failover = 'test/workflows/procedures/regional-failover.test.ts';
const evidence = 'test/workflows/engine/evidence.test.ts';
const admission = 'test/workers/admission.test.ts';
const zoo = 'test/zoo/dns.test.ts';

export const removals: readonly Removal[] = [
  {
    guard: 'Lost task: a worker that was silent for too long changes nothing more',
    file: 'activities/task.ts',
    edits: [{ find: 'hold.lost ||= silentTooLong(context, hold) ||', replace: 'hold.lost ||=' }],
    test: { file: 'test/activities/task.test.ts', title: 'after a silence nothing is changed any more' },
  },
  {
    guard: 'Lost task: one that a worker finds when it wakes is not begun',
    file: 'workers/interceptors.ts',
    edits: [{ find: 'Math.max(clock.now().getTime(), Date.now()) - givenOutAt > lateMilliseconds', replace: 'givenOutAt < 0' }],
    test: { file: 'test/workers/interceptors.test.ts', title: 'is not begun when the server waits for it no longer' },
  },
  {
    guard: 'Lost task: what a frozen worker sends late is refused at the site',
    file: 'site-agent/parts/20-epoch.sh',
    edits: [{ find: '\n  check_task "$1"', replace: '' }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'only the latest task of a workflow counts' },
  },
  {
    guard: 'Second observer: failed needs witnesses of two kinds',
    file: 'plan/rules/failure.ts',
    edits: [{ find: 'kinds.size < 2', replace: 'kinds.size < 1' }],
    test: { file: `${rules}/failure.test.ts`, title: 'by two of one kind' },
  },
  {
    guard: 'Hold time: a witness must have seen it for so long',
    file: 'plan/rules/failure.ts',
    edits: [{ find: 'failed.filter((vantage) => vantage.heldSeconds >= holdSeconds)', replace: 'failed' }],
    test: { file: `${rules}/failure.test.ts`, title: 'before the hold time is over' },
  },
  {
    guard: 'Look again: evidence too old proves nothing before the fence',
    file: 'workflows/steps/detection.ts',
    edits: [{ find: '> seconds(run.plan.estate.detection.evidenceMaxAge) * 1000);', replace: '> Infinity);' }],
    test: { file: guards, title: 'does not fence a site that recovered while the run was held' },
  },
  {
    guard: 'Look again: also between two fences, when people held the run there',
    file: 'workflows/steps/fencing.ts',
    edits: [{ find: 'if (left.length > 0) await mustBeFailedUntilNow(run, facts, tools);', replace: '' }],
    test: { file: guards, title: 'does not go on to the next fence when the site recovered while the run was held between the two' },
  },
  {
    guard: 'Lock: one run of an estate, by its workflow id',
    file: 'workflows/engine/opening.ts',
    edits: [{ find: 'const rightId = makeWorkflowId(mode, estate);', replace: 'const rightId = workflowId;' }],
    test: { file: guards, title: 'refuses a start under an id that is not the lock, and gives the right one' },
  },
  {
    guard: 'Epoch: each run takes one above every one seen',
    file: 'workflows/estate/epochs.ts',
    edits: [{ find: 'return ours ? highest : highest + 1;', replace: 'return ours ? highest : 1;' }],
    test: { file: endings, title: 'gives each run of an estate an epoch of its own' },
  },
  ...holderRemovals,
  {
    guard: 'Epoch: a run that meets a newer one ends',
    file: 'workflows/engine/attempts.ts',
    edits: [{ find: 'if (holdsNothing(error))', replace: "if (String(error) === 'no such error')" }],
    test: { file: endings, title: 'ends without a question when a newer run holds the estate' },
  },
  {
    guard: 'Epoch: an agent refuses a lower one',
    file: 'site-agent/parts/20-epoch.sh',
    edits: [{ find: 'if [ "$EPOCH" -lt "$held" ] ||', replace: 'if false ||' }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'is claimed once, by one run, and only upwards' },
  },
  {
    guard: 'Fence proof: as long as a standby may still follow, nothing is proven',
    file: 'plan/rules/fence-proof.ts',
    edits: [{ find: 'if (staying.length >= synchronous.count)', replace: 'if (staying.length < 0)' }],
    test: { file: `${rules}/fence-proof.test.ts`, title: 'a proof never stands while the standbys that stayed could acknowledge' },
  },
  {
    guard: 'Fence proof: without one, people accept the loss by a typed figure',
    file: 'workflows/questions/risk.ts',
    edits: [{ find: "run.rules.changes === 'print' || allProven(fences)", replace: "run.rules.changes === 'print' || fences.length > 0" }],
    test: { file: guards, title: 'asks for typed seconds when no fence can be proven, and refuses fewer than the estimate' },
  },
  {
    guard: 'One writer: a survivor that is a primary rules other targets out',
    file: 'plan/rules/targets.ts',
    edits: [{ find: 'if (seen.primaryElsewhere !== undefined)', replace: 'if (seen.primaryElsewhere === "")' }],
    test: { file: endings, title: 'stands down when the database of another survivor is a primary' },
  },
  {
    guard: 'One writer: a cache that somebody made a primary by hand rules its site out',
    file: 'plan/rules/targets.ts',
    edits: [{ find: "if (seen.cache === 'primary')", replace: 'if (false)' }],
    test: { file: 'test/plan/rules/targets.test.ts', title: 'is not eligible' },
  },
  {
    guard: 'One writer: an agent promotes no cache that is a primary of nobody',
    file: 'site-agent/parts/50-cache.sh',
    edits: [{ find: '[ -n "$promoted_by" ] || refuse', replace: '[ -n yes ] || refuse' }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'a primary is neither detached nor told to follow' },
  },
  {
    guard: 'Fence proof: what the agent has not proven is left to the next method',
    file: 'workflows/estate/servers.ts',
    edits: [{ find: "fence.servers.filter(({ state }) => state === 'fenced')", replace: 'fence.servers' }],
    test: { file: guards, title: 'keeps what the agent has proven, and leaves the other server to the next method' },
  },
  {
    guard: 'Record: an agent does nothing that it cannot put on record',
    file: 'site-agent/parts/10-answers.sh',
    edits: [{ find: "append begun ''; fi || fail", replace: "append begun ''; fi || true || fail" }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'what cannot be put on record is not done' },
  },
  {
    guard: 'Catch-up: the target gets what the most advanced survivor has',
    file: 'workflows/steps/preparation.ts',
    edits: [{ find: 'ahead.receivedBytes <= has) return', replace: 'ahead.receivedBytes > 0) return' }],
    test: { file: failover, title: 'lets the target catch up with the most advanced survivor before it is promoted' },
  },
  {
    guard: 'Catch-up: a cache that holds less than one that is no further is not promoted',
    file: 'workflows/steps/preparation.ts',
    edits: [{ find: 'if (fuller) throw emptier', replace: 'if (fuller && fuller.keys < 0) throw emptier' }],
    test: { file: guards, title: 'refuses to promote a cache that holds less than a replica which is no further' },
  },
  {
    guard: 'Lag gate: a loss above the limits is accepted by people',
    file: 'workflows/questions/risk.ts',
    edits: [{ find: '!lossNeedsPeople(run, facts, loss)) return', replace: 'lossNeedsPeople(run, facts, loss)) return' }],
    test: { file: guards, title: 'never calls a loss proven nothing when people skip the catch-up of a cache that holds less' },
  },
  {
    guard: 'Content check: no traffic for a target whose content is wrong',
    file: 'workflows/steps/verification.ts',
    edits: [
      {
        find: "if (failed.length > 0) throw notFit(site, failed, 'No traffic was routed.');",
        replace: "if (failed.length > 99) throw notFit(site, failed, '');",
      },
    ],
    test: { file: guards, title: 'never routes to a target whose content is wrong, and names function and difference' },
  },
  {
    guard: 'Content check: a reference that has more proves a loss',
    file: 'activities/verification/counts.ts',
    edits: [{ find: 'if (entry.reference > most) return', replace: 'if (entry.reference < 0) return' }],
    test: { file: 'test/activities/judgements.test.ts', title: 'of a reference that has more prove a loss, even while it is behind' },
  },
  {
    guard: 'Quorum: a choice needs as many distinct people as the plan says',
    file: 'workflows/engine/tally.ts',
    edits: [{ find: 'if (total >= ballot.quorum && ', replace: 'if (total >= 1 && ' }],
    test: { file: failover, title: 'counts distinct people once; refuses strangers, the starter, duplicates and other gates' },
  },
  {
    guard: 'Starter exclusion: whoever started the run does not vote in it',
    file: 'workflows/engine/tally.ts',
    edits: [
      { find: 'if (vote.who === ballot.startedBy) return', replace: 'if (vote.who === "") return' },
      { find: 'if (!ballot.electorate.includes(vote.who)) return', replace: 'if (![...ballot.electorate, ballot.startedBy].includes(vote.who)) return' },
    ],
    test: { file: failover, title: 'counts distinct people once; refuses strangers, the starter, duplicates and other gates' },
  },
  {
    guard: 'Silence never means yes',
    file: 'workflows/engine/gate.ts',
    edits: [
      {
        find: "if (left <= 0) return { kind: 'expired', at: this.now(), ...(open.evidence.against ? { against: open.evidence.against } : {}) };",
        replace: "if (left <= 0) return { kind: 'decided', choice: Object.keys(open.ballot.choices)[0] ?? '', answer: null, at: this.now() };",
      },
    ],
    test: { file: failover, title: 'changes nothing when nobody decides: silence ends the gate as expired' },
  },
  {
    guard: 'Worse evidence voids the votes of those who have not seen it so',
    file: 'workflows/engine/gate.ts',
    edits: [{ find: 'isGraver(gravity, seen.get(who) ?? gravity)', replace: 'isGraver(gravity, gravity)' }],
    test: { file: evidence, title: 'voids the votes of those who have not seen it so, and gives the question a new id' },
  },
  {
    guard: 'Worse evidence is asked about under another id, which never comes back',
    file: 'workflows/engine/gate.ts',
    edits: [{ find: 'String(earlierIds), ', replace: '' }],
    test: { file: evidence, title: 'that comes and goes never brings an id back, and voids no vote of somebody who has seen it at its worst' },
  },
  {
    guard: 'Nobody approves a target that is ruled out at the moment',
    file: 'workflows/engine/gate.ts',
    edits: [{ find: '?? notNow(open, vote)', replace: '' }],
    test: { file: evidence, title: 'is refused with the reason as long as that is so; votes from before stay, and count when it is gone' },
  },
  {
    guard: 'What is ruled out is not decided by votes that came before the look that found it',
    file: 'workflows/engine/gate.ts',
    edits: [{ find: 'winner(this.open.ballot, this.open.evidence.against)', replace: 'winner(this.open.ballot)' }],
    test: { file: evidence, title: 'is not decided by votes that came during the look that found it, nor by the next one that is refused' },
  },
  {
    guard: 'Look again: a server that is a primary by now is put to people before anything is changed',
    file: 'workflows/questions/target.ts',
    edits: [{ find: ', ...facts.foundAgainst]', replace: ']' }],
    test: { file: evidence, title: 'a server that somebody promoted since the last look is put to them before anything is changed' },
  },
  {
    guard: 'Ending: a step beside the one that ended the run asks for no change any more',
    file: 'workflows/engine/course.ts',
    edits: [{ find: 'this.unlessEnding(() => undefined);\n    if (!this.stopped) return;', replace: 'if (!this.stopped) return;' }],
    test: { file: endings, title: 'asks for no change any more in a step that is under way' },
  },
  {
    guard: 'Stop switch: held before each change',
    file: 'workflows/engine/attempts.ts',
    edits: [
      { find: 'await run.hold(`before "${step.name}"`);', replace: '' },
      { find: 'run.hold(`within "${step.name}"`)', replace: 'Promise.resolve()' },
    ],
    test: { file: guards, title: 'holds before the next change while the stop switch is thrown' },
  },
  {
    guard: 'Forward only: no way back past the point of no return',
    file: 'workflows/engine/failed-step.ts',
    edits: [{ find: 'if (!forwardOnly) choices', replace: "if (step.id !== '') choices" }],
    test: { file: endings, title: 'offers no undo past the point of no return' },
  },
  {
    guard: 'Undo: what would fence the old site is really gone before that is opened',
    file: 'workflows/children/watch.ts',
    edits: [
      {
        find: 'while (await this.askOwnToEnd(child, reason)) {',
        replace: 'while (!(await this.askOwnToEnd(child, reason))) {',
      },
    ],
    test: {
      file: 'test/workflows/children/watch.test.ts',
      title: 'an undo opens the old site only after its watch has come to its end',
    },
  },
  {
    guard: 'Traffic last: routed only after the target was verified',
    file: 'workflows/procedures/regional-failover.ts',
    edits: [
      { find: "await run.step('route-traffic', routeTraffic(run, facts));", replace: '' },
      {
        find: "await run.step('verify-first-tier'",
        replace: "await run.step('route-traffic', routeTraffic(run, facts));\n    await run.step('verify-first-tier'",
      },
    ],
    test: { file: failover, title: 'fences before it promotes, verifies before it routes, and routes last' },
  },
  {
    guard: 'AWS epoch: a majority of all holders confirms it before each change',
    file: 'activities/aws/epoch-tag.ts',
    edits: [{ find: 'await mustHoldMajority(dependencies, run, leftAs);', replace: '' }],
    test: { file: 'test/activities/aws/auto-scaling.test.ts', title: 'nothing is changed while no majority confirms the epoch' },
  },
  {
    guard: 'AWS epoch: the tag of the resource refuses an older run',
    file: 'activities/aws/epoch-tag.ts',
    edits: [{ find: 'mustBeNewest(resource.name, held, run, leftAs);', replace: '' }],
    test: { file: 'test/activities/aws/auto-scaling.test.ts', title: 'a run is refused where the tag is of a newer one' },
  },
  {
    guard: 'AWS fence: a database that nobody can close is never called fenced',
    file: 'activities/fencing/unclosable.ts',
    edits: [{ find: 'proven: false', replace: "proven: server === 'database'" }],
    test: { file: 'test/activities/aws/rds.test.ts', title: 'a fence is never called proven' },
  },
  {
    guard: 'AWS cache: a failover of which only the API speaks is not believed',
    file: 'activities/cache/elasticache.ts',
    edits: [{ find: "return seen.reachable && seen.server.role === 'primary' ? true : undefined;", replace: 'return true;' }],
    test: { file: 'test/activities/aws/elasticache.test.ts', title: 'of which only the API speaks is not believed' },
  },
  {
    guard: 'AWS cache: a failover whose answer was lost is not sent twice',
    file: 'activities/cache/elasticache.ts',
    edits: [{ find: 'if (!datastore || !isPrimary(datastore, elastiCache)) {', replace: '{' }],
    test: { file: 'test/activities/aws/elasticache.test.ts', title: 'an answer that is lost is no second failover' },
  },
  {
    guard: 'AWS fence: a cache that nobody can close is never called fenced',
    file: 'activities/fencing/unclosable.ts',
    edits: [{ find: 'proven: false', replace: "proven: server === 'cache'" }],
    test: { file: 'test/activities/aws/elasticache.test.ts', title: 'a fence is never called proven' },
  },
  {
    guard: 'Service manager: its answer counts, not its exit code alone',
    file: 'site-agent/parts/60-service.sh',
    edits: [{ find: ' && case $answer in $pattern) ;; *) return 1 ;; esac', replace: '' }],
    test: { file: 'test/site-agent/second-plan.test.ts', title: 'the service is judged by the answers of its own service manager' },
  },
  {
    guard: 'Route: each address that is given counts, not the first of them',
    file: 'activities/probing/resolve.ts',
    edits: [{ find: 'addresses.length === 1 && ', replace: '' }],
    test: { file: 'test/activities/judgements.test.ts', title: 'prove a route only when all that answer give the one address' },
  },
  {
    guard: 'Route: a server that knows no address has answered',
    file: 'activities/probing/resolve.ts',
    edits: [{ find: 'if (noAddress.has(', replace: 'if (!noAddress.has(' }],
    test: { file: zoo, title: 'is not called moved while one authoritative server knows no address' },
  },
  {
    guard: 'Route: what no run can point to a site is refused before anything is changed',
    file: 'activities/dns/record-changes.ts',
    edits: [{ find: '  mustBeRoutable(zone.obstacles);\n', replace: '' }],
    test: { file: zoo, title: 'with a CNAME at the public name takes the epoch, and says why no route can be changed' },
  },
  {
    guard: 'Zone: text of others at the name of the epoch stays',
    file: 'activities/dns/zone.ts',
    edits: [{ find: 'const values = [...foreign, ', replace: 'const values = [' }],
    test: { file: zoo, title: 'keeps the text of others at the name of its epoch, and reads no epoch from it' },
  },
  {
    guard: 'Zone: only what a run writes is an epoch',
    file: 'activities/dns/zone.ts',
    edits: [{ find: String.raw`/^"epoch=(\d{1,15})(?: run=([^"\\]*))?"$/`, replace: String.raw`/epoch=(\d{1,15})(?: run=([^"\\]*))?/` }],
    test: { file: zoo, title: 'keeps the text of others at the name of its epoch, and reads no epoch from it' },
  },
  {
    guard: 'Watch: the public name is watched, not the service alone',
    file: 'activities/verification/name-watch.ts',
    edits: [{ find: 'if (stray.length === 0) return undefined;', replace: 'return undefined;' }],
    test: { file: zoo, title: 'that leads to the lost site again is a relapse of the watched service' },
  },
  {
    guard: 'Report: what stands beside the route is an exception',
    file: 'workflows/steps/traffic.ts',
    edits: [{ find: 'run.except(...beside);', replace: '' }],
    test: { file: 'test/workflows/steps/routes.test.ts', title: 'names at the gate what stands beside the route, and again at its end as an exception' },
  },
  {
    guard: 'Host key: only the host with the pinned one is spoken to',
    file: 'activities/ssh/login.ts',
    edits: [
      {
        find: 'hostVerifier: (offered: Buffer) => isPinned((key = offered), settings)',
        replace: 'hostVerifier: (offered: Buffer) => (key = offered).length > 0',
      },
    ],
    test: { file: 'test/activities/ssh/connection.test.ts', title: 'is refused before anything is sent' },
  },
  {
    guard: 'TLS: a certificate of nobody whom the plan trusts is refused',
    file: 'activities/probing/stores.ts',
    edits: [{ find: 'rejectUnauthorized: true', replace: 'rejectUnauthorized: false' }],
    test: { file: 'test/activities/access/lines.test.ts', title: 'a certificate that nobody here trusts is named' },
  },
  {
    guard: 'Observer: one who may read settings, stop the server or write is named',
    file: 'activities/access/redis.ts',
    edits: [{ find: 'if (tooMuch.length > 0)', replace: 'if (tooMuch.length > 99)' }],
    test: { file: 'test/activities/access/lines.test.ts', title: 'a user who may write is found' },
  },
  {
    guard: 'Content check: a server that went another way is no reference for its tables',
    file: 'activities/verification/counts.ts',
    edits: [{ find: 'return sameWay && ', replace: 'return (sameWay || true) && ' }],
    test: { file: 'test/activities/counts.test.ts', title: 'shows nothing of the tables' },
  },
  {
    guard: 'Content check: a server that went another way is no reference for its keys',
    file: 'activities/verification/counts.ts',
    edits: [{ find: 'reference.stream === position.stream && ', replace: '' }],
    test: { file: 'test/activities/counts.test.ts', title: 'shows nothing of the keys' },
  },
  {
    guard: 'Agent: what a login shell prints before its own first line is no answer',
    file: 'activities/ssh/agent.ts',
    edits: [{ find: 'lines.slice(own + 1).flatMap', replace: 'lines.flatMap' }],
    test: { file: 'test/activities/ssh/connection.test.ts', title: 'first line is not the agent' },
  },
  {
    guard: 'Agent: an answer without that line is used for nothing',
    file: 'activities/ssh/agent.ts',
    edits: [{ find: 'if (own < 0) throw notIt(text, source, besides, program);', replace: '' }],
    test: { file: 'test/activities/ssh/connection.test.ts', title: 'is used for nothing' },
  },
  {
    guard: 'Lock: it is tried with the keys of customers, not with the administrator´s',
    file: 'site-agent/parts/55-write-test.sh',
    edits: [{ find: 'elif hba_closed; then', replace: 'elif false; then' }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'a closed file under which a customer gets in is no lock' },
  },
  {
    guard: 'Lock: of the file only who may replicate is kept',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: "|| ' replication ' ||", replace: "|| ' ' || array_to_string(database, ',') || ' ' ||" }],
    test: { file: 'test/zoo/estate.test.ts', title: 'application and replication in one line', titledIn: 'test/zoo/access-file-shapes.ts' },
  },
  {
    guard: 'Lock: who writes without passing the door is looked for',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: 'writers=${writers:-$counted}', replace: 'writers=' }],
    test: { file: 'test/zoo/estate.test.ts', title: 'pg_cron', titledIn: 'test/zoo/writers-shapes.ts' },
  },
  {
    guard: 'Lock: an open that the server does not confirm is not done',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: 'within 4 door_is "$ends" "$PG_DATABASE" || door_is full', replace: 'true || door_is full' }],
    test: { file: 'test/site-agent/agent.test.ts', title: 'an open that the server does not confirm is not done' },
  },
  {
    guard: 'Durability: a setting for everybody is no row without a name',
    file: 'site-agent/parts/70-heartbeat.sh',
    edits: [{ find: "case when s.setrole = 0 and s.setdatabase = 0 then 'everybody' when", replace: 'case when' }],
    test: { file: 'test/zoo/estate.test.ts', title: 'everybody but the agent', titledIn: 'test/zoo/writers-shapes.ts' },
  },
  {
    guard: 'Promotion: a standby whose settings are smaller than its primary´s is refused',
    file: 'site-agent/parts/45-promotion.sh',
    edits: [{ find: 'smaller=$(smaller_settings)', replace: 'smaller=' }],
    test: { file: 'test/zoo/estate-servers.test.ts', title: 'smaller settings than the primary', titledIn: 'test/zoo/standby-shapes.ts' },
  },
  {
    guard: 'Managers: what another one manages is not changed',
    file: 'site-agent/parts/30-database.sh',
    edits: [{ find: '[ -z "$manager" ] || refuse', replace: 'true || refuse' }],
    test: { file: 'test/zoo/estate-servers.test.ts', title: 'Patroni', titledIn: 'test/zoo/standby-shapes.ts' },
  },
  {
    guard: 'Undo: a standby keeps its own words',
    file: 'site-agent/parts/40-standbys.sh',
    edits: [{ find: '*) wanted="$own_words host=$1', replace: '*) wanted="user=$PG_REPLICATION_USER passfile=$PG_PASSFILE host=$1' }],
    test: { file: 'test/zoo/estate.test.ts', title: 'replication by TLS and certificate', titledIn: 'test/zoo/access-file-shapes.ts' },
  },
  {
    guard: 'Refusals: a target whose agent would refuse is ruled out before anybody is asked',
    file: 'plan/rules/targets.ts',
    edits: [{ find: '  against.push(...facts.refusals);\n', replace: '' }],
    test: { file: 'test/workflows/engine/refusals.test.ts', title: 'rule a target out before anybody is asked' },
  },
  {
    guard: 'Refusals: they are asked once more before the fence',
    file: 'workflows/procedures/regional-failover.ts',
    edits: [{ find: '    await mustStillBeReady(run, facts);\n', replace: '' }],
    test: { file: 'test/workflows/engine/refusals.test.ts', title: 'that come while people decide are put to them before the fence' },
  },
  {
    guard: 'Lock: it is the file as it was written, and no line more',
    file: 'site-agent/parts/30-database.sh',
    edits: [{ find: 'hba_locked() { hba_closed && cmp -s "$(hba_file)" "$STATE_DIR/pg_hba.closed"; }', replace: 'hba_locked() { hba_closed; }' }],
    test: { file: locks, title: 'does not stand under a line that somebody has added' },
  },
  {
    guard: 'Lock: whoever was connected and had not signed in is ended',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: '    end_strangers\n', replace: '' }],
    test: { file: locks, title: 'is shut for whoever was connected and had not signed in' },
  },
  {
    guard: 'Lock: "down" is a server that is gone, not one that does not listen here',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: 'if [ "$how" = down ] && has_postmaster; then how=no-answer; fi', replace: '' }],
    test: { file: locks, title: 'is not there when the server runs and only does not listen where the agent asks' },
  },
  {
    guard: 'Lock: a cache whose maximum lag is 0 gets one',
    file: 'site-agent/parts/50-cache.sh',
    edits: [{ find: '[ "${max_lag:-0}" -gt 0 ] || redis_ok CONFIG SET min-replicas-max-lag 10', replace: ':' }],
    test: { file: locks, title: 'holds where a maximum lag of 0 would switch it off' },
  },
  {
    guard: 'Undo: it obeys the notes of its own run only',
    file: 'site-agent/parts/40-standbys.sh',
    edits: [{ find: 'if [ "$(standby_note epoch)" = "${EPOCH:-$(held_epoch)}" ]; then to=', replace: 'if true; then to=' }],
    test: { file: locks, title: 'obeys no note of an older run' },
  },
  {
    guard: 'Lock: a server that was stopped stays stopped behind its closed file',
    file: 'site-agent/parts/70-heartbeat.sh',
    edits: [{ find: '    keep_stopped\n', replace: '' }],
    test: { file: 'test/site-agent/afterwards.test.ts', title: 'is stopped again by a beat when somebody starts it' },
  },
  {
    guard: 'Lock: a server whose connections are all taken is closed too',
    file: 'site-agent/parts/35-database-lock.sh',
    edits: [{ find: '  making_room=yes\n', replace: '' }],
    test: { file: 'test/site-agent/locks.test.ts', title: 'its administrator´s too' },
  },
  {
    guard: 'Undo: a source that is still dead keeps nobody detached',
    file: 'site-agent/parts/40-standbys.sh',
    edits: [{ find: '|| [ $returning = yes ] || { [', replace: '|| { [' }],
    test: { file: 'test/site-agent/afterwards.test.ts', title: 'leaves the standby and the replica with their own words' },
  },
  ...jobRemovals,
  ...distanceRemovals,
  ...restoreRemovals,
  ...stackRemovals,
  ...treeRemovals,
  ...treeRestoreRemovals,
  ...awsRestoreRemovals,
  ...cacheRemovals,
  ...coldStartRemovals,
  ...fenceRemovals,
  ...shareRemovals,
  {
    guard: 'Agent: no password stands on a command line',
    file: 'site-agent/parts/40-standbys.sh',
    edits: [
      {
        find: `answer=$(printf '%s\\n' "\\\\connect -reuse-previous=off '$words'" 'IDENTIFY_SYSTEM;' | pg 5 "$PG_MAINTENANCE" -w)`,
        replace: `answer=$(echo 'IDENTIFY_SYSTEM' | "$PG_BIN/psql" -X -q -A -t -w -d "$wanted replication=true" 2>"$BESIDE")`,
      },
    ],
    test: { file: 'test/site-agent/afterwards.test.ts', title: 'no password of replication stands on a command line' },
  },
  {
    guard: 'Admission: every activity of a worker passes it',
    file: 'workers/worker.ts',
    edits: [{ find: ', createAdmissionInterceptor(admission)]', replace: ', ...(admission ? [] : [])]' }],
    test: { file: 'test/scenarios/hostile-client.test.ts', title: 'that a client starts fences nothing, whatever its id and its plan' },
  },
  {
    guard: 'Admission: a workflow that somebody else runs may do nothing',
    file: 'workers/admission.ts',
    edits: [{ find: '.type !== workflowType || beginning.taskQueue !== this.queue)', replace: '.type !== workflowType)' }],
    test: { file: admission, title: 'on another queue' },
  },
  {
    guard: 'Admission: only the run under the lock changes something',
    file: 'workers/admission.ts',
    edits: [{ find: 'if (!lent && !ids.includes(own.workflowId)) throw', replace: "if (own.workflowId === '') throw" }],
    test: { file: admission, title: 'that is dry' },
  },
  {
    guard: 'Admission: a run that is over changes nothing more',
    file: 'workers/admission.ts',
    edits: [{ find: 'if (!(await this.parts.executions.isOpen(own))) throw noLock(change,', replace: "if (own.name === '') throw noLock(change," }],
    test: { file: admission, title: 'that is over' },
  },
  {
    guard: 'Admission: votes that a reset copied decide nothing',
    file: 'workers/admission.ts',
    edits: [{ find: "if (isProcedureName(own.type) && own.reset !== 'no')", replace: "if (own.type === '')" }],
    test: { file: admission, title: 'that a reset made' },
  },
  {
    guard: 'Admission: a watch acts for the run that started it',
    file: 'workers/admission.ts',
    edits: [{ find: 'if (!byRun || run.runId !== own.parent?.workflowId || run.execution !== parent)', replace: "if (parent === '')" }],
    test: { file: admission, title: 'that nobody started' },
  },
  {
    guard: 'Admission: the run that started a watch was one of ours',
    file: 'workers/admission.ts',
    edits: [{ find: '    await this.mustHaveBeenRun(activity, own.parent, run, site);\n', replace: '' }],
    test: { file: admission, title: 'that an impostor of a run started' },
  },
  {
    guard: 'Admission: a plan counts by the digest that is computed',
    file: 'workers/plans.ts',
    edits: [{ find: ' || digestOf(told) !== digest)', replace: ')' }],
    test: { file: 'test/workers/config.test.ts', title: 'whose computed digest is another, whatever comes with it' },
  },
  {
    guard: 'Admission: secrets are read in the folders that were named, also by a link',
    file: 'plan/secrets.ts',
    edits: [{ find: 'if (!roots.some((root) => real.startsWith(join(root, sep)))) {', replace: 'if (roots.length === 0) {' }],
    test: { file: 'test/plan/secrets.test.ts', title: 'in none of the folders' },
  },
  {
    guard: 'Flood: a decision that takes long is made, and ends no worker',
    file: 'workers/worker.ts',
    edits: [{ find: '    ...unlisted,\n', replace: '    ...(unlisted ? {} : {}),\n' }],
    test: { file: 'test/workers/long-decision.test.ts', title: 'is made, also when it takes longer than the SDK lets a decision take' },
  },
];
