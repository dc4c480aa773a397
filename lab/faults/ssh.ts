/** Faults on the way to the agent, and of the agent. */
import { chmodSync } from 'node:fs';
import { labSites } from '../addresses.ts';
import { always, type Fault } from './fault.ts';

const agentItself = (agent: string) => `exec ${agent}`;

function forced(name: string, about: string, around: ((agent: string) => string) | null): Fault {
  return {
    name,
    about,
    available: always,
    async inject({ estate, site }) {
      estate.site(site).ssh.authorize(around);
      return {};
    },
    heal: async ({ estate, site }) => estate.site(site).ssh.authorize(agentItself),
  };
}

/** The agent does what it was told, the session ends before its answer, once for each changing verb. `$SSH_ORIGINAL_COMMAND` names the verb. */
const dropReplyOnce = (agent: string) =>
  [
    'case $SSH_ORIGINAL_COMMAND in',
    `*--epoch*) set -- agent/state/dropped-$(echo $SSH_ORIGINAL_COMMAND | cksum | cut -d\\  -f1);`,
    `if [ ! -e $1 ]; then : >$1; ${agent} >/dev/null 2>&1; kill -9 $PPID; exit 1; fi ;;`,
    `esac; exec ${agent}`,
  ].join(' ');

export const sshFaults: readonly Fault[] = [
  forced('ssh-key-revoked', "the orchestrator's key is no longer let in", null),
  forced('ssh-hangs', 'SSH logs in, and no command ever answers', () => 'exec sleep 600'),
  forced('ssh-reply-lost', 'each changing verb is carried out, and the first time the connection breaks before its answer', dropReplyOnce),
  forced('ssh-garbage', 'commands answer with what no agent says', () => 'echo Welcome to this host'),
  {
    name: 'ssh-host-key-changed',
    about: 'the host shows a key that is not the one in the plan',
    available: always,
    async inject({ estate, site }) {
      const { ssh } = estate.site(site);
      await ssh.kill();
      ssh.prepare(labSites.find((other) => other !== site));
      await ssh.start();
      return {};
    },
    async heal({ estate, site }) {
      const { ssh } = estate.site(site);
      await ssh.kill();
      ssh.prepare();
      await ssh.start();
    },
  },
  {
    name: 'agent-cannot-write',
    about: 'the agent cannot store the epoch, so that each of its changing verbs fails',
    available: always,
    async inject({ estate, site }) {
      chmodSync(estate.site(site).folders.agentState, 0o555);
      return {};
    },
    heal: async ({ estate, site }) => chmodSync(estate.site(site).folders.agentState, 0o755),
  },
];
