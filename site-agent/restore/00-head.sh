#!/bin/sh
# site-restore: the fixed verbs that restore PostgreSQL and Redis at a site's host from a backup and its log, and trees of files (application, session data) from archives, and prove what came of it. A program of its own with a key of its own: the
# failover's agent can restore nothing, and this one can neither promote a standby nor throw a switch. One script, POSIX shell, no dependencies beyond the host's own PostgreSQL
# programs, flock, setsid, pgBackRest where that is the tool, and for trees curl, GNU tar and openssl. It shares the agent's STATE_DIR, so that a site has one epoch. Its parts are site-agent/restore/*.sh and some of
# site-agent/parts/*.sh, as package.json has them: change those, then `npm run site-agent` joins them.
#
#   over SSH     authorized_keys: restrict,command="/path/site-restore /path/restore.conf" ssh-ed25519 …   (verb and arguments in SSH_ORIGINAL_COMMAND, as the agent's)
#
# Reads: identify, points, database-look SET POINT, database-state, cache-points, cache-look SET, cache-state, tree-points NAME, tree-look NAME VERSION, tree-state NAME, job-watch ID [SECONDS].
# Changes, each with --epoch N --run ID [--task WORKFLOW:NUMBER]: database-restore ID SET POINT (a job), database-admit, database-accept, database-discard,
#   database-backup ID (a job), cache-restore ID SET (a job), cache-admit, cache-accept, cache-discard,
#   tree-restore ID NAME VERSION (a job), tree-switch NAME, tree-discard NAME, job-cancel ID.
# POINT is a moment as the log has it, in UTC: 2026-11-29T22:36:06.123456Z. What was done last is restored up to it, and nothing after it.
#
# Output: site-restore=VERSION, then lines key=value, and the exit codes of the agent: 0 done; 1 failed (error=); 64 no such verb; 65 refused by a guard (refused=); 66 stale epoch.
set -uf
LC_ALL=C TZ=UTC0
export LC_ALL TZ
VERSION=1
