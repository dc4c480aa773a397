/** Hosts as people have them: their SSH server, their login, what they print, what they lack. */
import { chmodSync, rmSync } from 'node:fs';
import { sudoers } from '../../activities/access/lines.ts';
import { serverUser } from '../site-agent/estate.ts';
import { hostSite, type HostPlace } from './host-place.ts';
import type { Shape } from './shape.ts';

const works = { comes: 'works' } as const;
const refused = (says: RegExp) => ({ comes: 'refused', says }) as const;

const keys: readonly Shape<HostPlace>[] = [
  {
    name: 'an Ed25519 key beside the RSA key that is pinned',
    group: 'hosts',
    like: 'A HostKey line was added; the plan was written before.',
    setUp: (place) => {
      [place.keys, place.pinned] = [['rsa', 'ed25519'], 'rsa'];
    },
    expected: works,
  },
  {
    name: 'three host keys, the ECDSA one pinned',
    group: 'hosts',
    like: 'The host has the three keys that a distribution makes, and people have noted one of them.',
    setUp: (place) => {
      [place.keys, place.pinned] = [['rsa', 'ecdsa', 'ed25519'], 'ecdsa'];
    },
    expected: works,
  },
  {
    name: 'the pinned key is gone',
    group: 'hosts',
    like: 'The host was made anew and has other keys than the plan; both are named.',
    setUp: (place) => {
      place.keys = ['rsa', 'ecdsa', 'ed25519'];
      place.sshd.push(`HostKeyAlgorithms rsa-sha2-512,ecdsa-sha2-nistp256`);
    },
    expected: refused(/not who the plan says: the host shows the keys SHA256:\S+ and SHA256:\S+, the plan has SHA256:/),
  },
  {
    name: 'host key algorithms of a hardened host',
    group: 'hosts',
    like: 'An RSA key that signs with SHA-2 512 only.',
    setUp: (place) => {
      [place.keys, place.pinned] = [['rsa'], 'rsa'];
      place.sshd.push('HostKeyAlgorithms rsa-sha2-512');
    },
    expected: works,
  },
  {
    name: 'no key exchange in common',
    group: 'hosts',
    like: 'The host takes post-quantum key exchanges only, which the worker does not speak.',
    setUp: (place) => void place.sshd.push('KexAlgorithms sntrup761x25519-sha512@openssh.com'),
    expected: refused(/no matching key exchange algorithm/),
  },
];

const logins: readonly Shape<HostPlace>[] = [
  {
    name: 'a banner before the login',
    group: 'hosts',
    like: 'A text of the legal department, some of it with an equals sign.',
    setUp: (place) => void place.sshd.push(`Banner ${place.write('banner', 'site=elsewhere\nAuthorised use only.\n')}`),
    expected: works,
  },
  {
    name: 'two sessions on a connection',
    group: 'hosts',
    like: 'MaxSessions 2.',
    setUp: (place) => void place.sshd.push('MaxSessions 2'),
    expected: works,
  },
  {
    name: 'one session on a connection, and one login at a time',
    group: 'hosts',
    like: 'MaxSessions 1, MaxStartups 1.',
    setUp: (place) => void place.sshd.push('MaxSessions 1', 'MaxStartups 1'),
    expected: works,
  },
  {
    name: 'no session on any connection',
    group: 'hosts',
    like: 'MaxSessions 0: a host for tunnels only.',
    setUp: (place) => void place.sshd.push('MaxSessions 0'),
    expected: refused(/opens no session for a command/),
  },
  {
    name: 'another account is allowed',
    group: 'hosts',
    like: 'AllowUsers of the host does not have the account of the agent.',
    setUp: (place) => void place.sshd.push('AllowUsers somebody-else', 'DenyUsers *'),
    expected: refused(/refuses the plan's SSH user or key/),
  },
  {
    name: 'a Turkish locale',
    group: 'hosts',
    like: 'The account speaks another language, with other rules for letters and numbers.',
    setUp: (place) => void place.sshd.push('SetEnv LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr'),
    expected: works,
  },
  {
    name: 'IPv6 only',
    group: 'hosts',
    like: 'The host has no IPv4 address.',
    setUp: (place) => void (place.address = '::1'),
    expected: works,
    needs: 'IPv6',
  },
];

/** Another login shell takes a passwd file of its own, which only root can put in place. */
const shells: readonly Shape<HostPlace>[] = [
  {
    name: 'dash as login shell',
    group: 'hosts',
    like: 'The account has a small shell.',
    setUp: (place) => void (place.shell = '/usr/bin/dash'),
    expected: works,
    needs: 'root',
  },
  {
    name: 'a login shell that lets nobody in',
    group: 'hosts',
    like: 'The account of a service, whose shell is nologin.',
    setUp: (place) => void (place.shell = '/usr/sbin/nologin'),
    expected: refused(/its output began with "This account is currently not available/),
    needs: 'root',
  },
  {
    name: 'a restricted login shell',
    group: 'hosts',
    like: 'The account may run no command by its path, and so no agent.',
    setUp: (place) => void (place.shell = '/usr/bin/rbash'),
    expected: refused(/is not a site agent of this version: its output began with nothing, and beside it ".*restricted/),
    needs: 'root',
  },
];

/** What a run reads is the agent's answer, whatever else the host prints. */
const talkers: readonly Shape<HostPlace>[] = [
  {
    name: 'a profile that prints on standard output',
    group: 'hosts',
    like: 'The start-up file of the login shell greets, and some of it looks like an answer.',
    setUp: (place) => place.profile("printf 'Welcome to gent\\nsite=elsewhere\\nchanged=no\\n'\n"),
    expected: works,
  },
  {
    name: 'a profile that prints a line without an end',
    group: 'hosts',
    like: 'What the login shell prints and the first line of the agent are one line: nobody can tell them apart.',
    setUp: (place) => place.profile("printf 'Welcome '\n"),
    expected: refused(/its output began with "Welcome site-agent=\d+ site=gent/),
  },
  {
    name: 'a profile that warns on standard error',
    group: 'hosts',
    like: 'Each login prints a warning of its shell.',
    setUp: (place) => place.profile("echo 'warning: site=elsewhere' >&2\n"),
    expected: works,
  },
  {
    name: 'a capacity command that warns',
    group: 'hosts',
    like: 'The tool that the command uses is deprecated and says so on standard error, each time.',
    setUp: (place) => {
      place.agent['CAPACITY_COMMAND'] = place.write(
        'shim/warns',
        `#!/bin/sh\necho 'Warning: this tool is deprecated' >&2\nexec ${place.path('shim', 'capacity')} "$@"\n`,
        0o755,
      );
    },
    expected: works,
  },
  {
    name: 'no agent',
    group: 'hosts',
    like: 'The line of authorized_keys names a file that is not there.',
    setUp: (place) => rmSync(place.path('site-agent')),
    expected: refused(/is not a site agent of this version: its output began with nothing, and beside it ".*[Nn]o such file/),
  },
  {
    name: 'an older agent',
    group: 'hosts',
    like: 'The workers were brought up to date before the agents.',
    setUp: (place) => void place.write('site-agent', `#!/bin/sh\necho site=${hostSite}\necho version=2\n`, 0o755),
    expected: refused(/its output began with "site=gent version=2"/),
  },
];

const folders: readonly Shape<HostPlace>[] = [
  {
    name: 'a state folder that may not be written',
    group: 'hosts',
    like: 'The folder was mounted read-only, or belongs to another account.',
    setUp: (place) => chmodSync(place.path('state'), 0o555),
    expected: refused(/state at gent cannot be written .* no change is made that cannot be put on record/),
  },
];

/** A real sudo, told what the estate check prints for it; the program is where a hardened host looks for it. */
const sudo: readonly Shape<HostPlace>[] = [
  {
    name: 'a hardened sudo',
    group: 'hosts',
    like: 'The account may start, stop and enable the unit by sudo, which runs that behind a terminal of its own, by its own path, and lectures always.',
    setUp: (place) => useSudo(place, 'use_pty', 'lecture=always', `secure_path=${place.path('shim')}:/usr/bin:/bin`),
    expected: works,
    needs: 'sudo',
  },
  {
    name: 'a sudo that wants a terminal',
    group: 'hosts',
    like: 'requiretty, as older distributions had it: no command that comes over SSH may use sudo.',
    setUp: (place) => useSudo(place, 'requiretty'),
    expected: refused(/service-start: .*you must have a tty to run sudo/),
    needs: 'sudo',
  },
  {
    name: 'a sudo without a line for the unit',
    group: 'hosts',
    like: 'The line in sudoers names the unit as it was called before.',
    setUp: (place) => {
      useSudo(place);
      place.sudoers = [sudoers(serverUser, 'lending-old').replaceAll('/usr/bin/systemctl', place.path('shim', 'systemctl'))];
    },
    expected: refused(/service-start: .*sudo/),
    needs: 'sudo',
  },
];

function useSudo(place: HostPlace, ...defaults: readonly string[]): void {
  const line = sudoers(serverUser, 'lending').replaceAll('/usr/bin/systemctl', place.path('shim', 'systemctl'));
  place.sudoers = [...defaults.map((setting) => `Defaults ${setting}`), line];
  place.agent['SYSTEMCTL'] = 'sudo -n systemctl';
  place.agent['PATH'] = `${place.path('shim')}:/usr/sbin:/usr/bin:/sbin:/bin`;
}

export const hostShapes: readonly Shape<HostPlace>[] = [...keys, ...logins, ...shells, ...talkers, ...folders, ...sudo];
