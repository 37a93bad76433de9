#!/usr/bin/env bash
# usage: store_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: without write access to /nix everything is in a store below the state directory (--own-store), and no
# garbage collector takes what a queued or running transaction or a generation still needs.
# Method: real daemons on a store of their own; `nix-store --gc` in the middle of a deployment and behind it.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
own_store=(--own-store)
start_up

# The store's variables as client.toml has them.
setting() { sed -n "s|^store.$1 = '\(.*\)'|\1|p" "$state/client.toml"; }
collect_garbage() {
  NIX_STORE_DIR=$(setting dir) NIX_STATE_DIR=$(setting state_dir) NIX_LOG_DIR=$(setting log_dir) \
    NIX_CONF_DIR=$(setting conf_dir) NIX_REMOTE=$(setting remote) nix-store --gc >"$work/gc.log" 2>&1 ||
    { cat "$work/gc.log"; fail "nix-store --gc"; }
}
[[ $(setting dir) == "$state"/* ]] || fail "the store is not below $state: $(cat "$state/client.toml")"

expect 0 "committed as generation 1" deploy
is_below=$(readlink -f "$state/targets/test2/"*/default* | head -n 1)
[[ $is_below == "$state"/* ]] || fail "the profile of test2 is $is_below"

# One transaction in the middle of its switch, one behind it in the queue: neither is built or planned again.
hold activate.api-2
deploy "$(version 2)" >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 30 was_called "activate api 2"
queued=$(deploy --detach "$(version 3)" | tail -n 1)
until_true 10 test -e "$state/planner/roots/open/$queued/root"
collect_garbage
let_go activate.api-2
wait "$deploy_pid" || fail "deploy ended with $?: $(cat "$work/deploy.log")"
expect 0 "committed as generation 3" "$eris" watch "$queued"
expect_active api "api 3"

# What has ended keeps nothing but its generation.
until_true 10 eval "[ -z \"\$(ls '$state/planner/roots/open')\" ]"
collect_garbage
expect 0 "committed as generation 4" "$eris" rollback --to 1
expect_active api "api 1"

# Accepted while the planner is away: the broker has the manifest, and nobody but this machine's client knows of its
# derivations. They outlive a collection, and are let go once the planner protects them.
mv "$state/planner/planner.toml" "$work/planner.away"
kill -KILL "$(pid_of planner)"
until_true 30 sh -c "! '$eris' targets"
expect 0 "the planner has not taken it yet" deploy --detach "$(version 7)" --idempotency-key spooled
[ -e "$state/client/pending/spooled/root" ] || fail "the client protects nothing"
collect_garbage
mv "$work/planner.away" "$state/planner/planner.toml"
expect 0 "committed as generation 5" "$eris" watch spooled
expect_active api "api 7"
touch -d "2 minutes ago" "$state/client/pending/spooled"
expect 0 "unchanged" deploy "$(version 7)"
[ ! -e "$state/client/pending/spooled" ] || fail "the client protects it for ever"

# A failed one leaves nothing that is protected for ever.
break_it activate.api-9
expect 2 "^rolled back" deploy "$(version 9)"
until_true 10 eval "[ -z \"\$(ls '$state/planner/roots/open')\" ]"
echo "all as promised"
