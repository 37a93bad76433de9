#!/usr/bin/env bash
# usage: dry_run_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: what only shows what would be done changes nothing: no file, no process, no call of a module.
# Method: a site with a Nix store of its own; before and after each dry run every file below it (name, kind, mode, inode,
# size, times, content) and every process of it are compared. Evaluation may write derivations to the Nix store, and
# daemons may write their logs: these are left out, nothing else.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
cd "$work"
make_models
make_puppet
make_ticker
own_store=(--own-store)
start_up
expect 0 "committed as generation 1" deploy

mkdir home tmp seen
export HOME=$work/home TMPDIR=$work/tmp

# Shared memory of SQLite is changed by whoever reads; Nix' own files are its registry of derivations; modules are asked
# in scratch folders of the worker's, whose content means nothing (spare-N).
files() {
  find "$state" "$work/modules" "$work/home" "$work/tmp" \
    \( -path "$state/log" -o -name '*.drv' -o -name '*.drv.chroot' -o -path '*/nix/var/*' -o -path '*/nix/store/.links' \
    -o -path '*/attempts/spare-*' \) -prune -o \
    -type d -name attempts -o \
    -type d -name store -path '*/nix/store' -printf '%p %y %m %i\n' -o \
    ! -name '*.db-shm' -printf '%p %y %m %i %s %T@ %C@\n' | sort
  find "$state" "$work/modules" \( -path "$state/log" -o -path '*/nix/*' -o -path '*/attempts/spare-*' \) -prune -o -type f ! -name '*.db-shm' \
    -exec sha256sum {} + | sort
}
# With their time of start: a process that was replaced is another one. Runners come with a question to a module, and go
# when nobody has asked anything for a second.
processes() {
  local pids=$up_pid more
  while more=$(pgrep -d , -P "$pids") && [ -n "$more" ]; do
    ps -o pid=,lstart=,args= -p "$more"
    pids=$more
  done | grep -v 'dysnomia --attempts' | sort
}
look() { files >"$1.files"; processes >"$1.processes"; }
is_quiet() { look seen/a; sleep 0.5; look seen/b; cmp -s seen/a.files seen/b.files; }

# changes_nothing TEXT COMMAND...
changes_nothing() {
  until_true 60 is_quiet # acknowledgements of what was done before are written a little later
  look seen/before
  expect 0 "$@"
  look seen/after
  diff seen/before.files seen/after.files || fail "${*:2} has changed files"
  diff seen/before.processes seen/after.processes || fail "${*:2} has changed processes"
}

[ -s seen/before.files ] || { look seen/before; [ "$(wc -l <seen/before.files)" -gt 50 ]; } || fail "too little is looked at"
grep -q eris-worker seen/before.processes || fail "no processes are looked at: $(cat seen/before.processes)"
changes_nothing "2 to activate" deploy --dry-run "$(version 2)"
changes_nothing "to activate" "$eris" plan "${models[@]}" "$(version 3)"
changes_nothing "nothing to do" deploy --dry-run
changes_nothing "api" "$eris" manifest "${models[@]}"
changes_nothing "digraph" "$eris" visualize
changes_nothing "test1" "$eris" distribution "${models[@]}"
changes_nothing "test1" "$eris" targets
# Where targets are asked, too: nothing is in the history, the journal or the ledgers.
died=$(cat "$state"/targets/test1/dysnomia/process/process/*ticker*/ticker.pid)
kill -KILL "$died"
until_true 10 eval "! kill -0 $died"
changes_nothing "1 to activate, 0 to deactivate, 3 kept" deploy --repair --dry-run
expect 0 "^1 " "$eris" history
[ "$(grep -c "^[0-9]" "$work/out")" = 1 ] || fail "somebody left something in the history: $(cat "$work/out")"
# The look itself sees what changes.
look seen/before
expect 0 "committed as generation 2" deploy "$(version 2)"
look seen/after
! cmp -s seen/before.files seen/after.files || fail "a deployment changes no file: nothing is looked at"
expect_active api "api 2"
echo "all as promised"
