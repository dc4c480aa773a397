#!/bin/sh
# site-agent: the fixed verbs that a site's host accepts. One script, POSIX shell, no dependencies beyond the host's own psql, redis-cli, curl,
# openssl and flock. Its parts are site-agent/parts/*.sh, in the order of their names: change those, then `npm run site-agent` joins them.
#
#   over SSH     authorized_keys: restrict,command="/path/site-agent /path/agent.conf" ssh-ed25519 …   (verb and arguments in SSH_ORIGINAL_COMMAND, or `await` there and they as a line of standard input)
#                                                                                                    (after `await` it says waits=yes, and heard=yes when they have come)
#   by a timer   site-agent /path/agent.conf beat                                                     (once a second)
#
# Output: site-agent=VERSION, then lines key=value; what stands before that line is not the agent's. Exit: 0 done; 1 failed (error=); 64 no such verb; 65 refused by a guard
# (refused=); 66 stale epoch (epoch=, holder=).
# A verb that changes something starts with --epoch N --run ID [--task WORKFLOW:NUMBER], may run twice, and prints before=, after=, changed=yes|no, exception= for what is less
# than it should be, and remaining= for what is left to do. It begins with its look_…, everything that could refuse it; `check VERB[=ARGUMENT] …` is that look alone.
set -uf
LC_ALL=C
export LC_ALL
VERSION=4
CLOSED_MARK='# closed by site-agent: only the local administrator, and replication, may connect'
# A number of replicas that no server has: Redis then refuses every write, whoever sends it.
NEVER=100
