#!/usr/bin/env bash
# usage: endings_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: each way in which a transaction can end has its exit status, and leaves behind what the manual says.
# Method: real daemons and a module of somebody else that fails and hangs when it is told to: aborted, rolled
# back, stuck, tried again, given up, cancelled, interrupted, committed but still locked.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
start_up

expect 0 "committed as generation 1" deploy
expect_active web web

expect 0 "^0 errors" "$eris" doctor
grep -q "the planner answers" "$work/out" || fail "doctor: $(cat "$work/out")"

# Aborted: a component refuses its lock. Nothing has changed, and everything is unlocked again.
break_it lock.api
forget_calls
expect 2 "^aborted" deploy "$(version 2)"
grep -q "told to fail: lock of api" "$work/out" || fail "it is not said why: $(cat "$work/out")"
[ "$(calls "activate api 2")" = 0 ] || fail "an aborted transaction has activated something"
[ "$(calls "done lock web") $(calls "done unlock web")" = "1 1" ] || fail "web was not unlocked again"
expect_active api "api 1"
mend lock.api

# `retry` of an aborted one is a new transaction.
expect 0 "committed as generation 2" "$eris" retry "$(transaction_of)"
expect_active api "api 2"

# Rolled back: the new version does not come up, the old one does, and each target is looked at again.
break_it activate.api-3
expect 2 "^rolled back" deploy "$(version 3)"
grep -q "test2 runs what it ran before" "$work/out" || fail "not verified: $(cat "$work/out")"
grep -q "locked for" "$work/out" || fail "no locked window: $(cat "$work/out")"
expect_active api "api 2"
expect_active web web
transaction=$(transaction_of)
expect 0 "told to fail: activate of api" "$eris" logs "$transaction"
expect 0 '"result": "rolled back"' "$eris" status "$transaction" --json
# The certificate, the reason, and the events from one on.
expect 0 '"verdict": "verified"' "$eris" history "$transaction" --json
expect 0 "told to fail: activate of api" "$eris" why "$transaction"
expect 0 "activate api in puppet on target.test2: failed" "$eris" why api
last=$("$eris" history "$transaction" | awk 'END { print $1 }')
expect 2 "^rolled back" "$eris" watch "$transaction" --from "$last"
[ "$(grep -c "told to fail" "$work/out")" -le 1 ] || fail "watch --from tells what came before: $(cat "$work/out")"

# Stuck: the way back is refused, too. Mended, `retry` goes on where it was.
break_it activate.api
expect 3 "^stuck" deploy "$(version 3)"
stuck=$(transaction_of)
grep -q "eris retry $stuck; or give it up: eris abandon $stuck" "$work/out" || fail "no advice: $(cat "$work/out")"
expect_active api ""
# What comes after a stuck one waits, and says for what; it can be cancelled.
queued=$(deploy --detach | tail -n 1)
expect 0 "which is stuck: eris retry $stuck" "$eris" status "$queued"
expect 0 "transaction $stuck: deploy" "$eris" why "$queued"
grep -q "told to fail: activate of api" "$work/out" || fail "why does not follow the chain: $(cat "$work/out")"
expect 0 "test2  *transaction $stuck  *operator" "$eris" lock
expect 1 "test2 is held by transaction $stuck, which is stuck" "$eris" doctor
expect 1 "holds test2 since" "$eris" unlock test2
expect 0 "cancelling" "$eris" cancel "$queued" --reason "not now"
expect 2 "cancelled by operator: not now" "$eris" watch "$queued"
expect 3 "^stuck" "$eris" retry "$stuck"
mend activate.api
expect 2 "^rolled back" "$eris" retry "$stuck"
expect_active api "api 2"
expect_active web web

# The same by the submission's name.
break_it activate.api
expect 3 "^stuck" deploy "$(version 3)" --idempotency-key again
mend activate.api
expect 2 "^rolled back" "$eris" retry again

# Targets that are taken away from a stuck one: that of its api, and that of what is on it.
break_it activate.api
expect 3 "^stuck" deploy "$(version 3)"
stuck=$(transaction_of)
mend activate.api
expect 0 "test3: taken from transaction $stuck of operator" "$eris" unlock --break test2 test3
until_true 20 sh -c "'$eris' lock | grep -q 'nothing is held'"
expect 0 "given up by operator" "$eris" why "$stuck"

# Given up: it ends on record, and the next one goes on from there.
break_it activate.api
expect 3 "^stuck" deploy "$(version 3)"
stuck=$(transaction_of)
mend activate.api
mend activate.api-3
expect 0 "given up" "$eris" abandon "$stuck"
expect 3 "^abandoned" "$eris" watch "$stuck"
# What ran before does not run now: the same content is no empty plan, and what is shown is what is done.
expect_active api ""
expect 0 "activate api in puppet on test2" "$eris" plan "${models[@]}" "$(version 2)"
hash=$(sed -n 's/^plan //p' "$work/out")
expect 0 "committed as generation 3" deploy "$(version 2)" --plan "$hash"
expect_active api "api 2"
expect_active web web
expect 0 "committed as generation 4" deploy "$(version 3)"
expect_active api "api 3"

# Cancelled in the switch: everything goes back.
hold activate.api-4
deploy "$(version 4)" >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 20 was_called "activate api 4"
expect 0 "cancelling" "$eris" cancel "$(transaction_of "$work/deploy.log")" --reason "wrong day"
let_go activate.api-4
status=0
wait "$deploy_pid" || status=$?
[ "$status" = 2 ] || fail "a cancelled deployment ended with $status: $(cat "$work/deploy.log")"
grep -q "cancelled by operator: wrong day" "$work/deploy.log" || fail "not said: $(cat "$work/deploy.log")"
expect_active api "api 3"
expect_active web web

# Ctrl-C: the transaction goes on without whoever started it.
hold activate.api-4
# A shell without job control lets its children ignore SIGINT.
env --default-signal=INT "$eris" deploy "${models[@]}" "$(version 4)" >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 20 was_called "activate api 4"
transaction=$(transaction_of "$work/deploy.log")
kill -INT "$deploy_pid"
status=0
wait "$deploy_pid" || status=$?
[ "$status" = 5 ] || fail "an interrupted deploy ended with $status: $(cat "$work/deploy.log")"
grep -q "eris watch $transaction" "$work/deploy.log" || fail "not said how to follow it: $(cat "$work/deploy.log")"
grep -q "eris cancel $transaction" "$work/deploy.log" || fail "not said how to end it: $(cat "$work/deploy.log")"
let_go activate.api-4
expect 0 "committed as generation 5" "$eris" watch "$transaction"
expect_active api "api 4"

# Committed, but a component does not unlock: said so, and tried again until it does.
break_it unlock.api-5
expect 6 "still locked: test2" deploy "$(version 5)"
transaction=$(transaction_of)
expect_active api "api 5"
mend unlock.api-5
until_true 60 sh -c "'$eris' status $transaction | grep -q 'committed as generation 6'"
expect 0 "committed as generation 6" "$eris" watch "$transaction"
expect 0 "unchanged" deploy "$(version 5)"
echo "all as promised"
