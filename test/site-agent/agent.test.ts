/** The site agent against real servers. One estate for the file: the tests read in the order in which a failover uses the verbs. */
import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestEstate, type TestSite } from './estate.ts';
import { clientSleep, clientWrite } from './clients.ts';
import { eventually, testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());

beforeAll(() => estate.start());
afterAll(() => estate.stop());

describe('what reaches the agent', () => {
  test.each([
    ['a verb it does not know', 'reboot', 64],
    ['no verb at all', '', 64],
    ['a change without an epoch', 'database-promote', 64],
    ['too many arguments', 'identify now', 64],
    ['the timer´s verb', 'beat', 64],
    ['a site that is no peer', 'probe mars', 64],
    ['an epoch that is no number', 'service-start --epoch one --run run-1', 64],
    ['a command behind a semicolon', 'identify ; touch /tmp/owned', 65],
    ['a command substitution', 'probe $(id)', 65],
    ['a pattern of file names', 'probe *', 65],
    ['quotes', 'probe "east"', 65],
  ])('%s is turned away', async (_, command, code) => {
    const answer = await estate.verb('west', command);
    expect(answer.code).toBe(code);
    expect(answer.out).toMatch(/^site-agent=4\n(error|refused)=.+\n$/);
  });

  test('identify tells who answers', async () => {
    expect(await estate.verb('east', 'identify')).toMatchObject({ code: 0, fields: { site: 'east', version: '4', epoch: '0', epoch_holder: 'none' } });
    const [east, west] = await Promise.all((['east', 'west'] as const).map((site) => estate.verb(site, 'identify')));
    expect(east?.fields['system_identifier']).toMatch(/^\d{15,}$/);
    expect(west?.fields['system_identifier']).toBe(east?.fields['system_identifier']);
  });
});

describe('the epoch', () => {
  test('is claimed once, by one run, and only upwards', async () => {
    expect((await estate.change('north', 'epoch-claim', 5, 'run-5')).fields).toMatchObject({ before: '0', after: '5', changed: 'yes' });
    expect((await estate.change('north', 'epoch-claim', 5, 'run-5')).fields).toMatchObject({ changed: 'no' });
    expect(await estate.change('north', 'epoch-claim', 5, 'run-other')).toMatchObject({ code: 66, fields: { epoch: '5', holder: 'run-5' } });
    expect(await estate.change('north', 'epoch-claim', 4, 'run-4')).toMatchObject({ code: 66, fields: { epoch: '5', holder: 'run-5' } });
    expect((await estate.verb('north', 'identify')).fields).toMatchObject({ epoch: '5', epoch_holder: 'run-5' });
  });

  test('what was changed stays on record at the site: that it began, by whom, and what came of it', async () => {
    const record = () => readFileSync(estate.path('north', 'state/changes.log'), 'utf8').split('\n').slice(0, -1);
    expect(record()).toContainEqual(expect.stringMatching(/^\d{4}-\S+Z\t5\trun-5\tepoch-claim\t0\t5$/));
    const before = record().length;
    await estate.change('north', 'capacity-set 50', 5, 'run-5');
    await estate.change('north', 'capacity-set 50', 5, 'run-5');
    await estate.change('north', 'capacity-set much', 5, 'run-5');
    const line = (what: string) => expect.stringMatching(new RegExp(`\\t5\\trun-5\\tcapacity-set ${what}$`));
    expect(record().slice(before)).toEqual([
      line('50\\tbegun\\t'),
      line('50\\t\\d+ %\\t50 %'),
      line('50\\tbegun\\t'),
      line('50\\t50 %\\t50 %'),
      line('much\\tbegun\\t'),
      line('much\\terror\\ta capacity is a number of percent, not much'),
    ]);
  });

  test('what cannot be put on record is not done', async () => {
    const log = estate.path('north', 'state/changes.log');
    const was = (await estate.verb('north', 'capacity-status')).fields;
    renameSync(log, `${log}.aside`);
    mkdirSync(log);
    try {
      const answer = await estate.change('north', 'capacity-set 60', 5, 'run-5');
      expect(answer).toMatchObject({ code: 1, fields: { error: expect.stringContaining('nothing was changed') } });
    } finally {
      rmdirSync(log);
      renameSync(`${log}.aside`, log);
    }
    expect((await estate.verb('north', 'capacity-status')).fields).toEqual(was);
  });

  test.each(['service-start', 'capacity-set 77', 'switch-throw east north', 'database-detach', 'cache-detach', 'database-promote'])(
    '%s of an older run changes nothing',
    async (command) => {
      const before = await Promise.all(
        ['service-status', 'capacity-status', 'switch-status', 'database-status', 'cache-status'].map((verb) => estate.verb('north', verb)),
      );
      expect(await estate.change('north', command, 4, 'run-4')).toMatchObject({ code: 66, fields: { epoch: '5' } });
      const after = await Promise.all(
        ['service-status', 'capacity-status', 'switch-status', 'database-status', 'cache-status'].map((verb) => estate.verb('north', verb)),
      );
      // What others write to the machine's disk is no change of theirs.
      const stable = (answers: typeof before) => answers.map(({ fields }) => ({ ...fields, current_lsn: '', offset: '', clock: '', data_free_percent: '' }));
      expect(stable(after)).toEqual(stable(before));
    },
  );

  test('of one kind of change only the latest task of a workflow counts, whatever comes late from a worker that froze', async () => {
    const throwSwitch = (task: string, from: string) => estate.change('north', `switch-throw --task ${task} ${from} north`, 5, 'run-5');
    expect(await throwSwitch('recovery-1:20001', 'east')).toMatchObject({ code: 0, fields: { changed: 'yes' } });
    // The same task may send several verbs, and any of them twice.
    expect(await throwSwitch('recovery-1:20001', 'east')).toMatchObject({ code: 0, fields: { changed: 'no' } });
    expect(await estate.change('north', 'switch-reset --task recovery-1:31001 east', 5, 'run-5')).toMatchObject({ code: 0, fields: { changed: 'yes' } });
    const late = await throwSwitch('recovery-1:20002', 'east');
    expect(late).toMatchObject({ code: 65, fields: { refused: expect.stringContaining('north has seen 31001 of the same workflow for the switch') } });
    expect((await estate.verb('north', 'switch-status')).fields).toMatchObject({ thrown_from: 'none' });
    // Another kind of change, and people, who name no task.
    expect(await estate.change('north', 'capacity-set --task recovery-1:20002 35', 5, 'run-5')).toMatchObject({ code: 0 });
    expect(await estate.change('north', 'switch-reset east', 5, 'run-5')).toMatchObject({ code: 0 });
    expect(await estate.change('north', 'switch-reset --task 31001x east', 5, 'run-5')).toMatchObject({ code: 64 });
  });

  test('what a run or a person has opened again is not closed by a late task of the watch', async () => {
    const change = (verb: string, task: string) => estate.change('north', `${verb}${task}`, 5, 'run-5');
    const late = { code: 65, fields: { refused: expect.stringContaining('came after this task was given out') } };
    await change('cache-open', ' --task recovery-1:40001');
    expect(await change('cache-detach', ' --task fence-on-return-1:2001')).toMatchObject(late);
    await change('database-open', '');
    expect(await change('database-detach', ' --task recovery-1:41001')).toMatchObject(late);
    // The run itself goes on after what it has opened, and so does a person.
    expect(await change('cache-open', ' --task recovery-1:41001')).toMatchObject({ code: 0 });
    expect(await change('cache-open', '')).toMatchObject({ code: 0 });
  });

  test('a change under a higher epoch raises what the site has seen', async () => {
    expect(await estate.change('north', 'switch-reset east', 6, 'run-6')).toMatchObject({ code: 0 });
    expect((await estate.verb('north', 'identify')).fields).toMatchObject({ epoch: '6', epoch_holder: 'run-6' });
    expect(await estate.change('north', 'switch-reset east', 5, 'run-5')).toMatchObject({ code: 66 });
  });

  test('is no licence for a change while the lock under it cannot be had back', async () => {
    const conf = estate.path('north', 'agent.conf');
    const whole = readFileSync(conf, 'utf8');
    // The configuration is shell: here the lock is lost at the moment between storing the epoch and the change itself.
    writeFileSync(conf, `${whole}\nflock() { grep -q '^7 run-late' "$STATE_DIR/epoch" && [ "$*" = '-w 20 -s 9' ] && return 1; command flock "$@"; }\n`);
    try {
      expect(await estate.change('north', 'switch-throw east north', 7, 'run-late')).toMatchObject({
        code: 1,
        fields: { error: expect.stringContaining('epoch 7 is stored there, nothing else was changed') },
      });
    } finally {
      writeFileSync(conf, whole);
    }
    expect((await estate.verb('north', 'switch-status')).fields).toMatchObject({ thrown_from: 'none' });
  });

  test('of ten that claim the same epoch at once, one has it', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => estate.change('north', 'epoch-claim', 8, `run-${n}`)));
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 66)).toHaveLength(9);
    for (const site of ['east', 'west', 'north'] as const) await estate.change(site, 'epoch-claim', 9, 'run-1');
  });
});

const run1 = (site: TestSite, command: string) => estate.change(site, command, 9, 'run-1');

describe('service, capacity, files, switch', () => {
  test('the service is started and enabled, stopped and started again', async () => {
    expect((await estate.verb('west', 'service-status')).fields).toMatchObject({ active: 'no', enabled: 'no' });
    expect((await run1('west', 'service-start')).fields).toMatchObject({ before: 'inactive, disabled', after: 'active, enabled', changed: 'yes' });
    expect((await run1('west', 'service-start')).fields).toMatchObject({ changed: 'no' });
    expect((await run1('west', 'service-stop')).fields).toMatchObject({ after: 'inactive, enabled', changed: 'yes' });
    expect((await run1('west', 'service-stop')).fields).toMatchObject({ changed: 'no' });
    expect((await run1('west', 'service-start')).fields).toMatchObject({ after: 'active, enabled', changed: 'yes' });
  });

  test('capacity is set and read back', async () => {
    expect((await run1('west', 'capacity-set 100')).fields).toMatchObject({ before: '35 %', after: '100 %', changed: 'yes' });
    expect((await run1('west', 'capacity-set 100')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('west', 'capacity-status')).fields).toEqual({ percent: '100' });
    expect((await run1('west', 'capacity-set lots')).code).toBe(64);
  });

  test('files and certificate are told, not judged', async () => {
    const { out, fields } = await estate.verb('west', 'files-status');
    expect(out).toContain(`file=${estate.path('west', 'service', 'service.config')} present`);
    expect(out).toContain(`file=${estate.path('west', 'service', 'absent.config')} missing`);
    expect(fields['cert_names']).toBe('service.example.com');
    expect(Date.parse(fields['cert_not_after'] ?? '')).toBeGreaterThan(Date.now());
  });

  test('the switch is thrown and reset', async () => {
    expect((await run1('west', 'switch-throw east north')).fields).toMatchObject({ before: 'not thrown', after: 'thrown from east to north', changed: 'yes' });
    expect((await run1('west', 'switch-throw east north')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('west', 'switch-status')).fields).toEqual({ thrown_from: 'east', thrown_to: 'north' });
    expect((await run1('west', 'switch-reset north')).fields, 'another site´s switch').toMatchObject({ changed: 'no' });
    expect((await run1('west', 'switch-reset east')).fields).toMatchObject({ after: 'not thrown', changed: 'yes' });
  });
});

describe('looking around', () => {
  test('a probe tells each check, the age of replication and the link of the cache', async () => {
    const service = createServer({
      key: readFileSync(estate.path('east', 'service', 'key.pem')),
      cert: readFileSync(estate.path('east', 'service', 'cert.pem')),
    });
    writeFileSync(estate.path('west', 'service', 'cert.pem'), readFileSync(estate.path('east', 'service', 'cert.pem')));
    let status = 'healthy';
    let body = () => JSON.stringify({ status });
    service.on('request', (_request, response) => response.end(body()));
    await new Promise<void>((resolve) => service.listen(8443, estate.address('east'), resolve));
    try {
      const { fields } = await estate.verb('west', 'probe east');
      expect(fields).toMatchObject({
        service_ok: 'yes',
        database_ok: 'yes',
        cache_ok: 'yes',
        reference_ok: 'yes',
        cache_link_up: 'yes',
        failing_since: '',
        rounds_recorded: '0',
      });
      expect(Number(fields['replication_age_seconds'])).toBeLessThan(3);
      status = 'unhealthy';
      expect((await estate.verb('west', 'probe east')).fields).toMatchObject({ service_ok: 'no', service_detail: 'HTTP 200, says unhealthy' });
      body = () => JSON.stringify({ status: 'unhealthy', database: { status: 'healthy' } });
      expect((await estate.verb('west', 'probe east')).fields).toMatchObject({ service_ok: 'no' });
      body = () => JSON.stringify({ checks: [{ status: 'unhealthy' }], status: 'ok' });
      expect((await estate.verb('west', 'probe east')).fields).toMatchObject({ service_ok: 'yes' });
      body = () => 'fine';
      expect((await estate.verb('west', 'probe east')).fields).toMatchObject({ service_ok: 'yes' });
    } finally {
      service.closeAllConnections();
      await new Promise((resolve) => service.close(resolve));
    }
    expect((await estate.verb('west', 'probe east')).fields['service_detail']).toMatch(/^no answer/);
  });

  test('a standby notes by how much the clock of its primary is ahead, and counts the age of what it received by its own', async () => {
    const noted = async () => (await estate.beat('west'), (await estate.verb('west', 'database-status')).fields['sender_clock']);
    await eventually('its clock is noted', async () => (await noted()) === 'east 0');
    const conf = estate.path('west', 'agent.conf');
    const text = readFileSync(conf, 'utf8');
    try {
      writeFileSync(estate.path('west', 'date'), `#!/bin/sh\nexec /usr/bin/date -d '10 minutes ago' "$@"\n`, { mode: 0o755 });
      writeFileSync(conf, `PATH=${estate.path('west')}:$PATH\n${text}`);
      const record = (await estate.verb('west', 'probe-record east')).fields;
      expect(Number(record['replication_age_seconds'])).toBeGreaterThanOrEqual(0);
      expect(Number(record['replication_age_seconds'])).toBeLessThan(5);
      expect((Date.now() - Date.parse(record['clock'] ?? '')) / 1000).toBeCloseTo(600, -1);
    } finally {
      writeFileSync(conf, text);
    }
    writeFileSync(estate.path('west', 'state', 'clocks'), 'sender_clock=north 3\nsender_clock=east 599\n');
    await eventually('a clock that was set is noted anew', async () => (await noted()) !== undefined);
    expect(readFileSync(estate.path('west', 'state', 'clocks'), 'utf8')).toMatch(/^sender_clock=north 3\nsender_clock=east 0 [-0-9a-f]+:\d+\n$/);
  });

  test('what was noted before the clock of the host was set is told by the clock of now', async () => {
    const west = (...parts: string[]) => estate.path('west', ...parts);
    await eventually(
      'the clock of its primary is noted',
      async () => (await estate.beat('west'), (await estate.verb('west', 'database-status')).fields['sender_clock'] === 'east 0'),
    );
    const conf = readFileSync(west('agent.conf'), 'utf8');
    const [base] = readFileSync(west('state', 'clocks'), 'utf8').match(/[-0-9a-f]+:\d+/) ?? [''];
    const failing = new Date().toISOString();
    try {
      writeFileSync(west('state', 'probe-north'), `3 ${failing} ${base}\n`);
      writeFileSync(west('state', 'cache-left'), `${failing} north ${base}\n`);
      for (const [minutes, when] of [
        [-10, '10 minutes ago'],
        [1440, '1440 minutes'],
      ] as const) {
        writeFileSync(west('date'), `#!/bin/sh\ncase "$*" in *-d*) exec /usr/bin/date "$@" ;; *) exec /usr/bin/date -d '${when}' "$@" ;; esac\n`, {
          mode: 0o755,
        });
        writeFileSync(west('agent.conf'), `PATH=${west()}:$PATH\n${conf}`);
        expect((await estate.verb('west', 'database-status')).fields['sender_clock']).toMatch(
          new RegExp(`^east ${-60 * minutes}$|^east ${-60 * minutes + 1}$|^east ${-60 * minutes - 1}$`),
        );
        const moved = (text: string | undefined) => (Date.parse(text ?? '') - Date.parse(failing)) / 60_000;
        expect(moved((await estate.verb('west', 'cache-status')).fields['left_at'])).toBeCloseTo(minutes, 0);
        writeFileSync(west('agent.conf'), `PATH=${west()}:$PATH\n${conf}\nPG_DATA=${west('nothing')}\n`);
        const record = (await estate.verb('west', 'probe-record north')).fields;
        expect(moved(record['failing_since'])).toBeCloseTo(minutes, 0);
        const received = Number((await estate.verb('west', 'probe-record east')).fields['replication_age_seconds']);
        expect(received).toBeGreaterThanOrEqual(0);
        expect(received).toBeLessThan(60);
      }
    } finally {
      writeFileSync(west('agent.conf'), conf);
      for (const note of ['probe-north', 'cache-left']) rmSync(west('state', note));
    }
  });

  test('a row of failed rounds is kept from its first, and a blind site keeps none', async () => {
    const conf = estate.path('north', 'agent.conf');
    const text = readFileSync(conf, 'utf8');
    const nobody = `127.${estate.network}.8.8`;
    const silent = text.replace(/PEER_east_(PG|REDIS|SERVICE)_HOST=.*/g, `PEER_east_$1_HOST=${nobody}`).replace(/PEERS=.*/, 'PEERS=east');
    try {
      writeFileSync(conf, silent);
      for (const _ of [1, 2]) expect((await estate.beat('north')).code).toBe(0);
      const seen = (await estate.verb('north', 'probe east')).fields;
      expect(seen).toMatchObject({ service_ok: 'no', database_ok: 'no', reference_ok: 'yes', rounds_recorded: '2' });
      expect(Date.parse(seen['failing_since'] ?? '')).toBeLessThan(Date.parse(seen['sent_at'] ?? ''));
      const record = (await estate.verb('north', 'probe-record east')).fields;
      expect(record).toMatchObject({ rounds_recorded: '2', failing_since: seen['failing_since'] });
      writeFileSync(conf, silent.replace(/REFERENCE_TARGETS=.*/, `REFERENCE_TARGETS=${nobody}:8093`));
      await estate.beat('north');
      expect((await estate.verb('north', 'probe east')).fields).toMatchObject({ reference_ok: 'no', failing_since: '', rounds_recorded: '0' });
    } finally {
      writeFileSync(conf, text);
    }
  });

  test('a write test is a real write', async () => {
    expect((await estate.verb('east', 'write-test')).fields).toMatchObject({ database_write: 'accepted', cache_write: 'accepted' });
    const standby = (await estate.verb('west', 'write-test')).fields;
    expect(standby).toMatchObject({ database_write: 'refused', cache_write: 'refused' });
    expect(standby['database_detail']).toContain('read-only');
  });

  test('a write test is not in the way of another one, also of the same moment', async () => {
    estate.sql(
      'east',
      "insert into dr_write_test select (extract(epoch from now()) * 1000)::bigint % 2000000000 + n, 'other', now() from generate_series(0, 20000) n",
      'app',
    );
    expect((await estate.verb('east', 'write-test')).fields).toMatchObject({ database_write: 'accepted' });
    estate.sql('east', 'delete from dr_write_test', 'app');
  });

  test('a commit that waits for a standby is not called accepted', async () => {
    await estate.kill('postgres-west');
    await eventually(
      'west is gone from the primary',
      () => estate.sql('east', "select count(*) from pg_stat_replication where application_name = 'west'").trim() === '0',
    );
    const { fields } = await estate.verb('east', 'write-test');
    expect(fields).toMatchObject({ database_write: 'no-answer' });
    // Whoever cancels the wait gets INSERT 0 1 and a warning from the server: still no acknowledgement.
    const tested = estate.verb('east', 'write-test');
    await eventually('the wait is cancelled', () => {
      const cancelled =
        "select count(*) from (select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and query like '%insert into dr_write_test%') as c";
      return Number(estate.sql('east', cancelled).trim()) > 0;
    });
    const cancelled = (await tested).fields;
    expect(cancelled['database_write']).toBe('no-answer');
    await estate.startPostgres('west');
    await eventually(
      'west is synchronous again',
      () => estate.sql('east', "select sync_state from pg_stat_replication where application_name = 'west'").trim() === 'quorum',
    );
  });
});

describe('standbys and replicas leave and come back', () => {
  test('a standby is detached and follows again', async () => {
    expect((await run1('north', 'database-detach')).fields).toMatchObject({ before: 'following east', after: 'following none', changed: 'yes' });
    expect((await run1('north', 'database-detach')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('north', 'database-status')).fields).toMatchObject({ in_recovery: 'yes', follows: 'none', receiver_active: 'no' });
    expect(estate.sql('east', "select count(*) from pg_stat_replication where application_name = 'north'").trim()).toBe('0');
    expect((await run1('north', 'database-follow west')).fields).toMatchObject({ before: 'following none', after: 'following west', changed: 'yes' });
    expect((await run1('north', 'database-follow east')).fields).toMatchObject({ before: 'following west', after: 'following east' });
    expect((await run1('north', 'database-follow east')).fields).toMatchObject({ changed: 'no' });
  });

  test('a primary is neither detached nor told to follow', async () => {
    expect(await run1('east', 'database-detach')).toMatchObject({ code: 65 });
    expect(await run1('east', 'database-follow west')).toMatchObject({ code: 65 });
    expect(await run1('east', 'database-promote'), 'nothing to promote').toMatchObject({ code: 65 });
    expect(await run1('east', 'cache-detach')).toMatchObject({ code: 65 });
    expect((await run1('east', 'cache-follow west')).fields['refused']).toContain('throw its data away');
    expect((await run1('east', 'cache-promote')).fields['refused']).toContain('this agent did not promote it');
    expect(estate.redis('east', 'ROLE')).toMatch(/^master/);
  });

  test('a detached cache refuses writes until it follows again, and remembers when it left', async () => {
    const started = Date.now();
    const { fields } = await run1('north', 'cache-detach');
    expect(fields).toMatchObject({ before: 'following east', after: 'detached', changed: 'yes', left: 'east' });
    expect(Date.parse(fields['left_at'] ?? '')).toBeGreaterThanOrEqual(started);
    expect((await run1('north', 'cache-detach')).fields).toMatchObject({ changed: 'no', left_at: fields['left_at'] });
    expect((await estate.verb('north', 'write-test')).fields).toMatchObject({ cache_write: 'refused' });
    expect((await run1('north', 'cache-follow east')).fields).toMatchObject({ before: 'detached', after: 'following east' });
    expect((await estate.verb('north', 'cache-status')).fields).toMatchObject({ role: 'replica', link: 'up', left_at: '', min_replicas_to_write: '1' });
  });

  test('only a standby that streams becomes synchronous', async () => {
    await run1('north', 'database-detach');
    expect(await run1('east', 'database-synchronous north')).toMatchObject({ code: 65 });
    expect((await estate.verb('east', 'database-status')).fields, 'the setting is untouched').toMatchObject({ synchronous_standby_names: 'ANY 1 ("west")' });
    await run1('north', 'database-follow east');
    expect(await run1('west', 'database-synchronous north'), 'a standby waits for nobody').toMatchObject({ code: 65 });
  });

  test('a cache asks only for as many replicas as are online', async () => {
    expect(await run1('east', 'cache-protect 3')).toMatchObject({ code: 65 });
    expect((await estate.verb('east', 'cache-status')).fields).toMatchObject({ min_replicas_to_write: '1', online_replicas: '2' });
  });
});

describe('the primary is fenced', () => {
  test('the database refuses clients at once, ends those that are in, and stays closed over a restart', async () => {
    expect(clientWrite(estate, 'east')).toBe('accepted');
    const sleeper = clientSleep(estate, 'east');
    await eventually('a client is in', () => estate.sql('east', "select count(*) from pg_stat_activity where usename = 'erlmcp'").trim() === '1');
    expect((await run1('east', 'database-close')).fields).toMatchObject({ before: 'open', after: 'closed', changed: 'yes' });
    expect(await sleeper).toContain('terminating connection');
    expect((await run1('east', 'database-close')).fields).toMatchObject({ changed: 'no' });
    expect(clientWrite(estate, 'east')).toMatch(new RegExp(`no pg_hba.conf entry.*"erlmcp"`));
    const test = (await estate.verb('east', 'write-test')).fields;
    expect(test).toMatchObject({ database_write: 'refused' });
    expect(test['database_detail']).toContain('no pg_hba.conf entry');
    await estate.kill('postgres-east');
    expect((await estate.verb('east', 'database-status')).fields).toMatchObject({ running: 'no', hba_closed: 'yes' });
    await estate.startPostgres('east');
    expect(clientWrite(estate, 'east')).toMatch(/no pg_hba.conf entry/);
  });

  test('a client that slipped in is ended by the next beat', async () => {
    const hba = estate.path('east', 'pg', 'pg_hba.conf');
    const closed = readFileSync(hba, 'utf8');
    writeFileSync(hba, `${closed}host app erlmcp 127.0.0.0/8 scram-sha-256\n`);
    estate.sql('east', 'select pg_reload_conf()');
    const left = clientSleep(estate, 'east');
    await eventually('the client is in', () => estate.sql('east', "select count(*) from pg_stat_activity where usename = 'erlmcp'").trim() === '1');
    writeFileSync(hba, closed);
    estate.sql('east', 'select pg_reload_conf()');
    await estate.beat('east');
    expect(await left).toContain('terminating connection');
  });

  test('a closed file under which a customer gets in is no lock', async () => {
    const hba = estate.path('east', 'pg', 'pg_hba.conf');
    const closed = readFileSync(hba, 'utf8');
    writeFileSync(hba, `${closed}host app erlmcp 127.0.0.0/8 scram-sha-256\n`);
    estate.sql('east', 'select pg_reload_conf()');
    try {
      const { fields } = await estate.verb('east', 'write-test');
      expect(fields).toMatchObject({ database_write: 'accepted', database_detail: expect.stringContaining('erlmcp at app') });
    } finally {
      writeFileSync(hba, closed);
      estate.sql('east', 'select pg_reload_conf()');
    }
    await eventually('it is shut', async () => (await estate.verb('east', 'write-test')).fields['database_write'] === 'refused');
  });

  test('an open that the server does not confirm is not done', async () => {
    const closed = readFileSync(estate.path('east', 'pg', 'pg_hba.conf'), 'utf8');
    process.kill(estate.pid('postgres-east'), 'SIGSTOP');
    try {
      const answer = await run1('east', 'database-open');
      expect(answer).toMatchObject({ code: 1, fields: { error: expect.stringContaining('the server does not let customers in') } });
    } finally {
      process.kill(estate.pid('postgres-east'), 'SIGCONT');
      writeFileSync(estate.path('east', 'pg', 'pg_hba.conf'), closed);
      estate.sql('east', 'select pg_reload_conf()');
    }
    await eventually('it is shut', async () => (await estate.verb('east', 'write-test')).fields['database_write'] === 'refused');
  });

  test('standbys may still drain a closed primary', () => {
    return eventually('both stream', () => estate.sql('east', "select count(*) from pg_stat_replication where state = 'streaming'").trim() === '2');
  });

  test('the cache refuses every write, also after a restart', async () => {
    const conf = estate.path('east', 'agent.conf');
    const whole = readFileSync(conf, 'utf8');
    writeFileSync(conf, `${whole}\nmv() { case $* in *cache-closed) return 1 ;; esac; command mv "$@"; }\n`);
    expect(await run1('east', 'cache-close'), 'a state that cannot be kept').toMatchObject({
      code: 1,
      fields: { error: expect.stringContaining('the cache is as it was') },
    });
    writeFileSync(conf, whole);
    expect((await estate.verb('east', 'cache-status')).fields).toMatchObject({ closed: 'no' });
    expect((await run1('east', 'cache-close')).fields).toMatchObject({ after: 'closed', changed: 'yes' });
    expect((await run1('east', 'cache-close')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('east', 'write-test')).fields['cache_detail']).toContain('NOREPLICAS');
    await estate.kill('redis-east');
    await estate.startRedis('east');
    await eventually('replicas are back', () => (estate.redis('east', 'INFO', 'replication').match(/state=online/g) ?? []).length === 2);
    expect((await estate.verb('east', 'write-test')).fields).toMatchObject({ cache_write: 'refused' });
  });

  test('a fenced former primary is not promoted, followed or told to follow', async () => {
    for (const command of [
      'database-follow west',
      'database-detach',
      'database-promote',
      'cache-follow west',
      'cache-promote',
      'cache-detach',
      'cache-protect 1',
    ]) {
      expect(await run1('east', command), command).toMatchObject({ code: 65 });
    }
  });

  test('a database that is down is closed for its next start, and opened for it', async () => {
    expect((await run1('north', 'database-detach')).code).toBe(0);
    await estate.kill('postgres-west');
    const hba = () => readFileSync(estate.path('west', 'pg', 'pg_hba.conf'), 'utf8');
    const before = hba();
    expect((await run1('west', 'database-close')).fields).toMatchObject({ before: 'open', after: 'closed', changed: 'yes' });
    expect((await estate.verb('west', 'write-test')).fields).toMatchObject({ database_write: 'refused' });
    expect((await run1('west', 'database-open')).fields).toMatchObject({ before: 'closed', after: 'open' });
    expect(hba()).toBe(before);
    await estate.startPostgres('west');
    expect((await run1('north', 'database-return')).fields).toMatchObject({ after: 'following east' });
  });

  test('the fence is taken back', async () => {
    expect((await run1('east', 'database-open')).fields).toMatchObject({ before: 'closed', after: 'open', changed: 'yes' });
    expect((await run1('east', 'database-open')).fields).toMatchObject({ changed: 'no' });
    expect((await run1('east', 'cache-open')).fields).toMatchObject({ before: 'closed', after: 'primary that asks for 1 replicas', changed: 'yes' });
    expect(clientWrite(estate, 'east')).toBe('accepted');
    expect((await estate.verb('east', 'write-test')).fields).toMatchObject({ database_write: 'accepted', cache_write: 'accepted' });
  });
});

describe('another site takes over', () => {
  test('the database is promoted, writable at once, and tells the same when asked again', async () => {
    await estate.change('east', 'database-close', 8, 'run-1');
    const { fields } = await run1('north', 'database-promote');
    expect(fields).toMatchObject({
      before: 'standby on timeline 1',
      after: 'primary on timeline 2',
      changed: 'yes',
      timeline_before: '1',
      timeline_after: '2',
    });
    expect(fields['lsn']).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(Date.parse(fields['last_replayed_commit_at'] ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect((await estate.verb('north', 'write-test')).fields).toMatchObject({ database_write: 'accepted' });
    const again = (await run1('north', 'database-promote')).fields;
    expect(again).toMatchObject({
      changed: 'no',
      timeline_before: '1',
      timeline_after: '2',
      lsn: fields['lsn'],
      last_replayed_commit_at: fields['last_replayed_commit_at'],
    });
  });

  test('a promotion that took effect and was never confirmed is told from what it began with', async () => {
    const kept = (await estate.verb('north', 'database-status')).fields;
    expect(kept).toMatchObject({ promoted: 'yes', timeline_after: '2' });
    const record = estate.path('north', 'state', 'promotion');
    renameSync(record, `${record}.away`);
    expect((await estate.verb('north', 'database-status')).fields).toEqual(kept);
    renameSync(`${record}.away`, record);
    writeFileSync(estate.path('west', 'state', 'promotion.begun'), 'timeline_before=1\npromoted_by=run-2@1\n');
    expect((await estate.verb('west', 'database-status')).fields).toMatchObject({ promoted: 'no', promotion_begun: 'run-2@1' });
    rmSync(estate.path('west', 'state', 'promotion.begun'));
    expect((await estate.verb('west', 'database-status')).fields).toMatchObject({ promoted: 'no', promotion_begun: '' });
  });

  test('the other standby follows it and becomes synchronous', async () => {
    expect((await run1('west', 'database-follow north')).fields).toMatchObject({ before: 'following east', after: 'following north' });
    expect((await run1('north', 'database-synchronous west')).fields).toMatchObject({ before: 'none', after: 'ANY 1 ("west")', changed: 'yes' });
    expect((await run1('north', 'database-synchronous west')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('north', 'write-test')).fields).toMatchObject({ database_write: 'accepted' });
    expect((await run1('north', 'database-synchronous none')).fields).toMatchObject({ after: 'none', changed: 'yes' });
  });

  test('a detached cache that somebody lets write again is a primary of nobody, and its data are not thrown away', async () => {
    expect((await run1('north', 'cache-detach')).code).toBe(0);
    estate.redis('north', 'CONFIG', 'SET', 'min-replicas-to-write', '0');
    expect((await estate.verb('north', 'cache-status')).fields).toMatchObject({ role: 'primary', detached: 'no', promoted_by: '' });
    expect((await run1('north', 'cache-follow east')).fields['refused']).toContain('throw its data away');
    estate.redis('north', 'CONFIG', 'SET', 'min-replicas-to-write', '100');
    expect((await run1('north', 'cache-detach')).fields).toMatchObject({ changed: 'no' });
  });

  test('a promotion of the cache that was cut off is finished by its repeat, and lasts', async () => {
    writeFileSync(estate.path('north', 'state', 'cache-promoted'), 'run-1\n');
    rmSync(estate.path('north', 'state', 'cache-detached'));
    estate.redis('north', 'CONFIG', 'SET', 'min-replicas-to-write', '0');
    estate.redis('north', 'REPLICAOF', 'NO', 'ONE');
    expect((await run1('north', 'cache-promote')).code).toBe(0);
    expect(readFileSync(estate.path('north', 'redis.conf'), 'utf8')).not.toMatch(/^replicaof /m);
    expect((await estate.verb('north', 'write-test')).fields).toMatchObject({ cache_write: 'accepted' });
    expect((await estate.verb('north', 'cache-status')).fields).toMatchObject({ promoted_by: 'run-1' });
  });

  test('the cache is promoted alone, and protected when a replica is back', async () => {
    estate.redis('north', 'CONFIG', 'SET', 'min-replicas-to-write', '100');
    writeFileSync(estate.path('north', 'state', 'cache-detached'), '0\n');
    expect((await run1('north', 'cache-promote')).fields).toMatchObject({ before: 'detached', after: 'primary that asks for 0 replicas', changed: 'yes' });
    expect((await run1('north', 'cache-promote')).fields).toMatchObject({ changed: 'no' });
    expect((await estate.verb('north', 'cache-status')).fields).toMatchObject({ role: 'primary', promoted_by: expect.stringMatching(/./) });
    expect((await estate.verb('north', 'write-test')).fields).toMatchObject({ cache_write: 'accepted' });
    expect((await run1('west', 'cache-follow north')).fields).toMatchObject({ after: 'following north' });
    expect((await run1('north', 'cache-protect 1')).fields).toMatchObject({ after: 'primary that asks for 1 replicas' });
    await estate.kill('redis-north');
    await estate.startRedis('north');
    expect(estate.redis('north', 'ROLE'), 'it stays a primary over a restart').toMatch(/^master/);
  });
});
