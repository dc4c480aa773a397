/** The two that people use today, on the same estate with the same time-outs: a runbook as a shell script, and as a playbook. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/run.ts';
import { repositoryRoot } from '../../lab/paths.ts';
import { program } from '../../lab/setup/paths.ts';
import { seconds } from '../../plan/durations.ts';
import type { BenchEstate } from '../estate.ts';
import type { PeerPrograms } from '../setup.ts';
import { letAdministratorIn, peerEnvironment, writeSshConfig } from './access.ts';
import type { Contender } from './contender.ts';
import { script } from './script.ts';

export interface Peers {
  readonly contenders: readonly Contender[];
  /** Ends the connections that they kept. */
  close(): Promise<void>;
}

export function peers(estate: BenchEstate, programs: PeerPrograms): Peers {
  const folder = join(estate.folder, 'peers');
  mkdirSync(folder, { recursive: true });
  const { plan } = estate.snapshot;
  const sshConfig = writeSshConfig(estate.lab, folder, seconds(plan.estate.ssh.connectTimeout));
  const environment = {
    ...peerEnvironment(estate.lab, plan, { sshConfig, aws: programs.aws }),
    // A line is timed when it comes, so it must come when it is written.
    PYTHONUNBUFFERED: '1',
    ANSIBLE_LOCALHOST_WARNING: 'False',
    ANSIBLE_NOCOLOR: '1',
  };
  const ssh = program('ssh');
  const survivors = ['secondary', 'tertiary'];
  const close = async () => void (await Promise.all([...survivors, 'primary'].map((host) => run([ssh, '-F', sshConfig, '-O', 'exit', host]).catch(() => ''))));
  const shared = {
    environment,
    // The assessment that precedes a decision has logged in at the survivors; both peers keep those connections, as our worker keeps its own.
    assess: async () => void (await Promise.all(survivors.map((host) => run([ssh, '-F', sshConfig, host, 'systemctl status erlmcp']).catch(() => '')))),
    prepare: async () => {
      await letAdministratorIn(estate.lab, folder);
      await close();
    },
  };
  const peersFolder = join(repositoryRoot(), 'bench', 'peers');
  const contenders = [
    {
      name: 'shell script',
      command: ['bash', join(peersFolder, 'shell', 'failover.sh')],
      cwd: join(peersFolder, 'shell'),
      mark: /^== (.+)$/,
    },
    {
      name: 'Ansible playbook',
      command: [programs.ansiblePlaybook, 'failover.yaml'],
      cwd: join(peersFolder, 'ansible'),
      mark: /^TASK \[(.+)\]|^(PLAY RECAP)/,
    },
  ].map((peer) => script({ ...shared, ...peer, logFile: join(folder, `${peer.name.replaceAll(' ', '-')}.log`) }));
  return { contenders, close };
}
