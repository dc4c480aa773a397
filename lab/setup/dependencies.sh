#!/bin/sh
# npm's packages, when they are missing or the lock file is newer than what was installed. Nothing of the project runs before this.
set -eu
cd "$(dirname "$0")/../.."
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  if [ -L node_modules ]; then
    echo 'set-up: node_modules is a link into another folder, which npm would empty. Nothing was installed. Run npm ci there, or remove the link.' >&2
    exit 1
  fi
  echo 'set-up: installing the npm packages of package-lock.json …'
  npm ci --ignore-scripts --no-audit --no-fund
fi
