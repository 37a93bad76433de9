#!/usr/bin/env bash
# usage: operators_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: what operators do beside deploying: stop on the way and go on, delete generations, see what targets have,
# notice what died and repair exactly that, and go on without the journal.
# Method: one site; the puppet and a real process, which is killed; the planner's state is thrown away at the end.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
cd "$work"
make_models
make_puppet
make_ticker
mkdir containers
printf 'type=mysql-database\nmysqlPort=3306\nmysqlPassword=hush\n' >containers/mysql-database
export DYSNOMIA_CONTAINERS_PATH=$work/containers DYSNOMIA_PROPERTIES=$work/properties
echo 'mem=512' >properties
start_up

# ---- what targets have ----
until_true 10 eval "'$eris' targets | grep -q '^target.test1  *connected .* of [0-9]* .* GiB'"
expect 0 '"storeFreeBytes": [1-9]' "$eris" targets --json
"$eris" capture-infra -i infrastructure.nix >captured.nix 2>notes || { cat notes; fail "cannot capture"; }
grep -q "mysqlPassword is a secret: put its value into the file mysql-database-mysqlPassword" notes ||
  fail "no word about the secret: $(cat notes)"
if grep -q hush captured.nix; then fail "a password was captured"; fi
grep -q 'mysqlPort = "3306";' captured.nix || fail "no property of a container: $(cat captured.nix)"
grep -q 'mem = "512";' captured.nix || fail "no property of the machine"
grep -q 'hostname = "test1";' captured.nix || fail "the address is another one"
expect 0 "4 to activate" "$eris" plan -s more.nix -i captured.nix -d spread.nix
expect 0 '"_secret": "mysql-database-mysqlPassword"' "$eris" capture-infra infrastructure.nix --json
sed '$s/}/test4 = { properties.hostname = "test4"; }; }/' infrastructure.nix >four.nix
expect 4 "test4 gave no answer" "$eris" capture-infra four.nix --wait 1
expect 0 "test4 gave no answer and is left out" "$eris" capture-infra four.nix --wait 1 --allow-missing

# ---- phases alone ----
expect 0 "stopped after prepare" deploy --until prepare
first=$(transaction_of)
was_called "activate data 1" && fail "something was activated"
expect 0 "nothing is held" "$eris" lock
expect 0 "it was to stop after prepare: eris deploy --resume $first" "$eris" status
expect 0 "stopped after lock" "$eris" deploy --resume "$first" --until lock
expect 0 "^test3 .* transaction $first " "$eris" lock
expect 1 "is behind prepare already" "$eris" deploy --resume "$first" --until prepare
expect 0 "stopped after switch" "$eris" deploy --resume "$first" --until switch
expect_active web web
expect 0 "no generations" "$eris" generations
kill_daemon planner
until_true 30 "$eris" status
expect 0 "committed as generation 1" "$eris" deploy --resume "$first"
expect 1 "does not wait to be resumed" "$eris" deploy --resume "$first"
expect 0 "stopped after switch" deploy "$(version 2)" --until switch
second=$(transaction_of)
expect_active api "api 2"
"$eris" cancel "$second" >/dev/null
expect 2 "rolled back" "$eris" watch "$second"
expect_active api "api 1"
expect 0 "accepted as" deploy "$(version 2)" --until lock --detach
third=$(tail -n 1 out)
until_true 30 eval "'$eris' status $third | grep -q 'stop after lock'"
"$eris" cancel "$third" >/dev/null
expect 2 "rolled back" "$eris" watch "$third"
expect 0 "nothing is held" "$eris" lock
expect 0 "stopped after lock" "$eris" retry "$third"
fourth=$(transaction_of)
"$eris" cancel "$fourth" >/dev/null
expect 2 "rolled back" "$eris" watch "$fourth"

# ---- what died, and what should not be there ----
expect 0 "nothing differs" "$eris" query --drift
expect 0 "nothing to repair" "$eris" deploy --repair
died=$(cat "$state"/targets/test1/dysnomia/process/process/*ticker*/ticker.pid)
kill -KILL "$died"
until_true 10 eval "! kill -0 $died"
expect 1 "~ service ticker on test1 in process: it does not run" "$eris" query --drift
forget_calls
expect 0 "1 to activate, 0 to deactivate" "$eris" deploy --repair --dry-run
expect 0 "1 activated, 0 deactivated, 3 kept" "$eris" deploy --repair
kill -0 "$(cat "$state"/targets/test1/dysnomia/process/process/*ticker*/ticker.pid)" || fail "the process is still dead"
was_called "activate api 1" && fail "more was repaired than had died"
expect 0 "nothing differs" "$eris" query --drift
generation() { "$eris" generations --json | sed -n 's/.*"generation": \([0-9]*\).*/\1/p' | sort -n | tail -n 1; }
[ "$(generation)" = 2 ] || fail "the repair is generation $(generation)"

# ---- generations ----
expect 0 "committed as generation 3" deploy "$(version 3)"
expect 0 "committed as generation 4" deploy "$(version 4)"
expect 1 "generation 4 is the current one" "$eris" generations delete 4
expect 1 "has no generation 9" "$eris" generations delete 1 9
expect 0 "deleted generation 1" "$eris" generations delete 1
expect 0 "no generation is to be deleted" "$eris" generations delete 30d
expect 1 "names no generations" "$eris" generations delete yesterday
expect 0 "delete generations .* deleted generation 1" "$eris" history
roots() { find "$state/planner" -name 'generation-of-*' | wc -l; }
before=$(roots)
expect 0 "deleted generations 2, 3" "$eris" env --delete-generations=old
until_true 10 eval "[ \$(find '$state/planner' -name 'generation-of-*' | wc -l) -lt $before ]"
expect 0 "no generation is to be deleted" "$eris" env --delete-all-generations
expect 1 "no generation before" "$eris" rollback
expect 1 "with --no-upgrade nothing can be" "$eris" env "${models[@]}" --no-upgrade "$(version 9)"
expect_active api "api 4"

# ---- without the journal ----
expect 0 "nothing to reconstruct" "$eris" reconstruct infrastructure.nix
stop_up
rm -rf "$state"/planner/journal.db*
start_up
expect 0 "no generations" "$eris" generations
expect 4 "this worker serves another journal" "$eris" reconstruct -i infrastructure.nix --wait 2
forget_calls
expect 4 "test4 gave no answer" "$eris" reconstruct --take-over four.nix --wait 2
expect 0 "committed as generation 1" "$eris" reconstruct --take-over -i infrastructure.nix
[ ! -s modules/calls ] || fail "reconstruction ran activities: $(cat modules/calls)"
expect 0 "nothing differs" "$eris" query --drift
expect 0 "reconstruct" "$eris" history
expect 0 "unchanged" deploy "$(version 4)"
expect 0 "1 activated, 1 deactivated\|2 activated, 2 deactivated" deploy "$(version 5)"
expect_active api "api 5"
expect_active web web
echo "all as promised"
