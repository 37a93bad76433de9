#!/usr/bin/env bash
# usage: offline_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: a deployment meets targets that are not connected as --target-offline says. Method: real daemons; one
# target that has no worker at first, and one whose worker stands still until the broker has given it up.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
start_up # three targets

# The models know a fourth one, and a service that is there alone and needs `data`.
sed -i 's/^}$/  test4 = { properties.hostname = "test4"; containers.puppet = { }; numOfCores = 2; };\n}/' "$work/infrastructure.nix"
sed -i 's/web = \[ test3 \];/web = [ test3 ]; probe = [ test4 ];/' "$work/distribution.nix"
sed -i 's/^}$/  probe = { name = "probe"; type = "puppet"; dependsOn = { inherit data; }; pkg = { data }: make "probe" "probe ${version}" ""; };\n}/' \
  "$work/services.nix"

expect 2 "target test4 is not connected; start its worker" deploy --target-offline=fail
expect 2 "target test4 is not connected (waited 1 s)" deploy --wait 1s
[ ! -s "$work/modules/calls" ] || fail "something was run: $(cat "$work/modules/calls")"
expect 1 "no duration like" deploy --wait soon

# Visible while it waits; then it goes without the target, and says so.
queued=$(deploy --target-offline=skip --wait 5s --detach | tail -n 1)
until_true 10 sh -c "'$eris' status $queued | grep -q 'target test4 is not connected'"
expect 0 "left out, because not connected: test4" "$eris" watch "$queued"
expect_active web web
expect_active probe ""
expect 0 '"leftOut": \[' "$eris" history "$queued" --json

# Once it is there the same models bring it up to date.
stop_up
start_up
expect 0 "1 activated, 0 deactivated" deploy
expect_active probe "probe 1"

# A worker that stands still is absent once its session is lost. What it has stays, the others move.
worker=$(pid_of worker-test4)
kill -STOP "$worker"
until_true 60 sh -c "'$eris' targets | grep -q 'test4 *absent'"
forget_calls
expect 0 "left out, because not connected: test4" deploy "$(version 2)" --target-offline=skip --wait 1
expect_active api "api 2"
expect_active probe "probe 1"
! grep -q probe "$work/modules/calls" || fail "probe was touched: $(cat "$work/modules/calls")"
# A service that would be nowhere is not left out.
cp "$work/distribution.nix" "$work/distribution.kept"
sed -i 's/web = \[ test3 \];/web = [ test4 ];/' "$work/distribution.nix"
expect 2 "web moves there, and would be nowhere" deploy "$(version 2)" --target-offline=skip --wait 1
cp "$work/distribution.kept" "$work/distribution.nix"
expect_active web web
kill -CONT "$worker"
until_true 60 sh -c "'$eris' targets | grep -q 'test4 *connected'"
expect 0 "1 activated, 1 deactivated" deploy "$(version 2)" --wait 2m
expect_active probe "probe 2"
expect 0 "unchanged" deploy "$(version 2)" --target-offline=fail
echo "all as promised"
