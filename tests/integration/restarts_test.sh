#!/usr/bin/env bash
# usage: restarts_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: whatever dies in the middle of a deployment, it goes on where it was, and no activity runs twice.
# Method: real daemons; a module that waits holds the deployment in the middle of an activity, a build that waits
# holds it before; then kill -9 of each daemon in turn, of all at once, and an end of `eris up` in good order.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
start_up
expect 0 "committed as generation 1" deploy
generation=1

# begin VERSION: a deployment that is in the middle of `activate api`; watched by a client that stays.
begin() {
  hold "activate.api-$1"
  deploy "$(version "$1")" >"$work/deploy.log" 2>&1 &
  deploy_pid=$!
  until_true 30 was_called "activate api $1"
}
# finish VERSION WHAT: it ends committed, and everything was done once.
finish() {
  let_go "activate.api-$1"
  status=0
  wait "$deploy_pid" || status=$?
  generation=$((generation + 1))
  if [ "$status" != 0 ] || ! grep -q "committed as generation $generation" "$work/deploy.log"; then
    cat "$work/deploy.log"
    fail "$2: deploy ended with $status"
  fi
  local call
  for call in "deactivate web" "activate api $1" "done activate api $1" "activate web" "done activate web"; do
    [ "$(calls "$call")" = 1 ] || fail "$2: '$call' was called $(calls "$call") times"
  done
  expect_active data "data 1"
  expect_active api "api $1"
  expect_active web web
  echo "ok: $2"
}

next=2
for daemon in planner broker worker-test2 worker-test3 builder; do
  begin $next
  kill_daemon "$daemon"
  finish $next "kill -9 of $daemon in an activity"
  next=$((next + 1))
done

begin $next
for daemon in planner broker worker-test1 worker-test2 worker-test3; do kill -KILL "$(pid_of "$daemon")"; done
finish $next "kill -9 of all at once in an activity"
next=$((next + 1))

# The module ends while its worker is dead: what it left is the outcome.
begin $next
old=$(pid_of worker-test2)
kill -KILL "$old"
let_go "activate.api-$next"
until_true 20 was_called "done activate api $next"
until_true 30 is_replaced worker-test2 "$old"
finish $next "a module that ends without its worker"
next=$((next + 1))

# Killed in a build: it is begun again.
gate=$work/gate
: >"$gate"
forget_calls
deploy "--extra-params={ version = \"$next\"; gate = \"$gate\"; }" >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 30 grep -q preparing "$work/deploy.log"
until_true 30 sh -c "'$eris' targets | grep -q '^builder.* 1$'"
kill_daemon builder
rm "$gate"
finish $next "kill -9 of the builder in a build"
next=$((next + 1))

# A rollback survives the planner, too.
break_it "activate.api-$next"
hold deactivate.web
hold "deactivate.api-$next"
deploy "$(version $next)" >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 30 was_called "deactivate web"
let_go deactivate.web
until_true 30 was_called "deactivate api $next"
kill_daemon planner
kill_daemon worker-test2
let_go "deactivate.api-$next"
status=0
wait "$deploy_pid" || status=$?
[ "$status" = 2 ] || fail "a rollback without its planner ended with $status: $(cat "$work/deploy.log")"
expect_active api "api $((next - 1))"
expect_active web web
mend "activate.api-$next"
echo "ok: kill -9 of planner and worker in a rollback"

# `eris up` ends in good order: the activity goes on, and the transaction when `eris up` is back.
begin $next
stop_up
kill -0 "$deploy_pid" || fail "deploy gave up: $(cat "$work/deploy.log")"
let_go "activate.api-$next"
until_true 20 was_called "done activate api $next"
start_up
finish $next "the end of eris up in an activity"
expect 0 "unchanged" deploy "$(version $next)"
echo "all as promised"
