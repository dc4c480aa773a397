/** Hosts as people have them: their SSH server, their login, what they print, what they lack. */
import { existsSync, readFileSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import type { HostPlace } from './host-place.ts';
import type { Shape } from './shape.ts';

const works = { comes: 'works' } as const;
const refused = (says: RegExp) => ({ comes: 'refused', says }) as const;

/** A machine without IPv6 has no such host. */
const withIpv6 = existsSync('/proc/net/if_inet6') && /^0{31}1 /m.test(readFileSync('/proc/net/if_inet6', 'utf8'));
/** Another login shell takes a passwd file of its own, which only root can put in place. */
const asRoot = process.getuid?.() === 0;

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
  ...(withIpv6
    ? [
        {
          name: 'IPv6 only',
          group: 'hosts',
          like: 'The host has no IPv4 address.',
          setUp: (place: HostPlace) => void (place.address = '::1'),
          expected: works,
        } as const,
      ]
    : []),
];

const shells: readonly Shape<HostPlace>[] = [
  {
    name: 'dash as login shell',
    group: 'hosts',
    like: 'The account has a small shell.',
    setUp: (place) => void (place.shell = '/usr/bin/dash'),
    expected: works,
  },
];

const folders: readonly Shape<HostPlace>[] = [
  {
    name: 'a state folder that may not be written',
    group: 'hosts',
    like: 'The folder was mounted read-only, or belongs to another account.',
    setUp: (place) => chmodSync(place.path('state'), 0o555),
    expected: refused(/state/),
  },
];

export const hostShapes: readonly Shape<HostPlace>[] = [...keys, ...logins, ...(asRoot ? shells : []), ...folders];
