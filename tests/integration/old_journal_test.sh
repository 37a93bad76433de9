#!/usr/bin/env bash
# usage: old_journal_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: a planner that is given an old backup of its journal stops before a target runs anything for it, and starts
# no more, until a person says that this journal is the right one.
# Method: real daemons; a copy of the journal between two deployments is put back in two ways, taken after the last
# start of the planner and before it.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
journal=$state/planner/journal.db

back_up() { # to $work/backup.db, while the planner is down
  cp "$journal" "$work/backup.db"
}
restore() {
  rm -f "$journal"*
  cp "$work/backup.db" "$journal"
}
has_stopped() { grep -q 'planner ended for good (exit status 3)' "$work/up.log"; }
start_up_on_an_old_journal() { # it never gets ready
  : >"$work/up.log"
  forget_calls
  "$eris" up -i "$work/infrastructure.nix" --state-dir "$state" "${own_store[@]}" >>"$work/up.log" 2>&1 &
  up_pid=$!
  until_true 60 has_stopped
  [ ! -s "$work/modules/calls" ] || fail "something was run for an old journal"
}

start_up
expect 0 "committed as generation 1" deploy
stop_up
back_up
start_up
expect 0 "committed as generation 2" deploy "$(version 2)"
stop_up

restore
start_up_on_an_old_journal
grep -q "older than the targets, or another planner runs on a copy of it" "$state/log/planner.log" ||
  fail "the planner does not say why it stopped"
stop_up
echo "ok: a backup from before the last start stops the planner"

for _ in 1 2 3; do
  run "$programs/eris-planner" --config "$state/planner/planner.toml"
  [ "$status" = 3 ] || fail "a start on a superseded journal ended with $status"
done
grep -q -- --take-over "$work/out" || fail "nobody is told what to do: $(cat "$work/out")"
echo "ok: it starts no more"

take_over() { expect 0 "start the planner" "$programs/eris-planner" --config "$state/planner/planner.toml" --take-over; }
# How much of what is lost was known by then depends on who of the targets had spoken: what comes out later (transactions
# that the journal lacks) is asked about once more.
take_over
: >"$work/up.log"
"$eris" up -i "$work/infrastructure.nix" --state-dir "$state" "${own_store[@]}" >>"$work/up.log" 2>&1 &
up_pid=$!
until_true 60 eval "grep -q -e '^ready' -e 'exit status 3' '$work/up.log'"
if has_stopped; then
  stop_up
  take_over
  start_up
fi
expect 0 "committed as generation 2" deploy "$(version 3)"
expect_active api "api 3"
! has_stopped || fail "a journal that was taken over was stopped again"
echo "ok: it was taken over"

# The planner is not started between backup and loss: its copy is taken while it runs.
python3 - "$journal" "$work/backup.db" <<'PY'
import sqlite3, sys
sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("vacuum into ?", (sys.argv[2] + ".new",))
PY
mv "$work/backup.db.new" "$work/backup.db"
expect 0 "committed as generation 3" deploy "$(version 4)"
stop_up
restore
start_up_on_an_old_journal
expect_active api "api 4"
echo "ok: a backup since the last start stops the planner"
echo "all as promised"
