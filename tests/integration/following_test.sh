#!/usr/bin/env bash
# usage: following_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: whoever starts a deployment may walk away, and anybody with a key of a client can follow it from anywhere, at any
# time, from any event on; the same idempotency key attaches again. Method: real daemons; a client with another key
# and no other configuration; the one that began is killed, and so are planner and broker.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
start_up
expect 0 "committed as generation 1" deploy

# Another machine: a key that may only look, and the broker's address on the command line.
mkdir "$work/elsewhere"
setting() { sed -n "s|^$1 = ['\"]\(.*\)['\"]|\1|p" "$state/client.toml"; }
looker=$("$eris" key generate "$work/elsewhere/looker.key")
expect 0 "" "$eris" key authorize --keys-dir "$state/keys" "$looker" --name looker --role client --level read
elsewhere() {
  (cd "$work/elsewhere" && env -u ERIS_CONFIG_DIR ERIS_CONFIG_DIR="$work/elsewhere" "$eris" "$@" \
    --endpoint "$(setting endpoint)" --server-key "$(setting server_key)" --key "$work/elsewhere/looker.key")
}
until_true 20 elsewhere status

# The one that began is killed in the middle of an activity.
hold activate.api-2
deploy "$(version 2)" --idempotency-key release-2 >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 30 was_called "activate api 2"
transaction=$(transaction_of "$work/deploy.log")
kill -KILL "$deploy_pid"
wait "$deploy_pid" 2>/dev/null || true
expect 0 "transaction $transaction: deploy of profile default by operator: switching" elsewhere status "$transaction"
expect 0 "deactivate" elsewhere logs "$transaction"
expect 1 "needs level" elsewhere cancel "$transaction"

# Followed from elsewhere by the submission's name, over the deaths of planner and broker: each event once.
elsewhere watch release-2 >"$work/watched" 2>&1 &
watcher=$!
until_true 20 grep -q "deactivate" "$work/watched"
kill_daemon planner
kill_daemon broker
until_true 60 elsewhere targets

# The same key attaches to what runs, as long as it says the same; it is no second transaction.
deploy "$(version 2)" --idempotency-key release-2 >"$work/again.log" 2>&1 &
again=$!
expect 1 "was used for something else" deploy "$(version 3)" --idempotency-key release-2
let_go activate.api-2
for pid in "$watcher" "$again"; do
  status=0
  wait "$pid" || status=$?
  [ "$status" = 0 ] || fail "a follower ended with $status: $(cat "$work/watched" "$work/again.log")"
done
grep -q "committed as generation 2" "$work/watched" || fail "not told: $(cat "$work/watched")"
grep -q "committed as generation 2" "$work/again.log" || fail "not attached: $(cat "$work/again.log")"
[ "$(transaction_of "$work/again.log")" = "$transaction" ] || fail "another transaction: $(cat "$work/again.log")"
[ "$(calls "done activate api 2")" = 1 ] || fail "it was done twice"
# Also when it has ended.
expect 0 "committed as generation 2" deploy "$(version 2)" --idempotency-key release-2
[ "$("$eris" deploy "${models[@]}" "$(version 2)" --idempotency-key release-2 --detach 2>/dev/null | tail -n 1)" = \
  "$transaction" ] || fail "a detached one is another transaction"

# Whoever watched all the time, and whoever looks now, have seen the same events, each once.
elsewhere watch "$transaction" >"$work/whole" 2>&1
lines() { # without what depends on the moment of looking
  { grep -v "^waiting for\|locked for\|committed as" "$1" || true; } | sed 's/ ([0-9. minms]*)$//'
}
lines "$work/whole" >"$work/whole.lines"
lines "$work/watched" >"$work/watched.lines"
[ -s "$work/whole.lines" ] || fail "nothing is told afterwards: $(cat "$work/whole")"
diff "$work/whole.lines" "$work/watched.lines" || fail "the watch has lost events, or told some twice"

# From an event on: what comes before it is not told again.
middle=$(elsewhere history "$transaction" | awk 'NR > 1 { n[NR] = $1 } END { print n[int(NR / 2) + 1] }')
elsewhere watch "$transaction" --from "$middle" >"$work/rest" 2>&1
lines "$work/rest" >"$work/rest.lines"
count=$(wc -l <"$work/rest.lines")
[ "$count" -gt 0 ] && [ "$count" -lt "$(wc -l <"$work/whole.lines")" ] || fail "--from $middle tells $count lines: $(cat "$work/rest")"
tail -n "$count" "$work/whole.lines" | diff - "$work/rest.lines" || fail "--from tells something else"
[ "$(elsewhere history "$transaction" --from "$middle" | awk 'NR == 2 { print $1 }')" = "$middle" ] ||
  fail "history does not begin with event $middle"
echo "all as promised"
