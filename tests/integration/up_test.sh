#!/usr/bin/env bash
# usage: up_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: a person with models and `eris up` gets a deployed system and the exit statuses of the manual.
# Method: real daemons, `echo` services on three targets: deploy, deploy again, upgrade, an upgrade that cannot
# be built, rollback, undeploy; a broker that is not there; a planner that is killed.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir "$state"
cd "$work"
cat >infrastructure.nix <<'NIX'
builtins.listToAttrs (map
  (name: { inherit name; value = { properties.hostname = name; containers.echo = { }; numOfCores = 2; }; })
  [ "test1" "test2" "test3" ])
NIX
cat >distribution.nix <<'NIX'
{ infrastructure }: with infrastructure; { data = [ test1 ]; api = [ test2 ]; web = [ test3 ]; }
NIX
cat >services.nix <<'NIX'
{ system, pkgs, distribution, invDistribution, version ? "1", broken ? false }:
let
  make = name: text: derivation {
    inherit name system text;
    builder = "/bin/sh";
    args = [ "-c" (if broken && name == "api" then "exit 1" else ''echo "$text" > "$out"'') ];
  };
in rec {
  data = { name = "data"; type = "echo"; pkg = make "data" "data"; };
  api = { name = "api"; type = "echo"; dependsOn = { inherit data; }; pkg = { data }: make "api" "api ${version}"; };
  web = { name = "web"; type = "echo"; dependsOn = { inherit api; }; pkg = { api }: make "web" "web"; };
}
NIX

# Nobody there yet.
expect 1 "ERIS_CONFIG_DIR" "$eris" status
public=$("$eris" key generate "$work/some.key")
expect 4 "within 0.3 s" "$eris" status --endpoint tcp://127.0.0.1:9 --key "$work/some.key" \
  --server-key "$public" --connect-timeout 0.3

start_up
for name in broker planner builder worker-test1 worker-test2 worker-test3; do
  kill -0 "$(cat "$work/state/run/$name.pid")" || fail "$name does not run"
done
expect 0 "target.test3 *connected" "$eris" targets
expect 0 "3 to activate, 0 to deactivate, 0 kept" "$eris" plan
hash=$("$eris" plan | sed -n 's/^plan //p')
expect 1 "another one now" "$eris" deploy --plan 0000
expect 0 "committed as generation 1" "$eris" deploy --plan "$hash"
expect 0 "unchanged" "$eris" deploy
expect 0 "2 to activate, 2 to deactivate, 1 kept" "$eris" deploy --extra-params '{ version = "2"; }'
expect 2 "aborted" "$eris" deploy --extra-params '{ version = "3"; broken = true; }'
expect 0 "committed as generation 3" "$eris" rollback
expect 0 "api *echo *active" "$eris" query test2
expect 0 "current" "$eris" generations
transaction=$("$eris" deploy --detach --extra-params '{ version = "4"; }' | tail -n 1)
expect 0 "committed as generation 4" "$eris" watch "$transaction"
expect 0 '"result": "committed"' "$eris" status "$transaction" --json
expect 0 "activate" "$eris" logs "$transaction"
expect 0 "committed" "$eris" history
expect 1 "does not exist" "$eris" watch 999

# What was where, by time, from the journal alone.
expect 1 "was deployed at 2001-01-01" "$eris" history --at 2001-01-01
expect 1 "is no time" "$eris" history --at yesterday
expect 0 "generation 4, committed" "$eris" history --at 2999-01-01
expect 0 "web" "$eris" history --at 2999-01-01 --json

# The planner is killed: `up` starts it again, and nothing is lost.
kill_daemon planner
expect 0 "committed as generation 5" "$eris" deploy --extra-params '{ version = "5"; }'

# `up` ends and comes again: same endpoint, same keys, same state.
cp "$work/state/client.toml" "$work/before.toml"
stop_up
grep -q "services go on running" "$work/up.log" || fail "up does not say that the services go on"
[ ! -e "$work/state/run/planner.pid" ] || fail "a pid file is left"
start_up
cmp "$work/state/client.toml" "$work/before.toml" || fail "client.toml changed"
expect 0 "unchanged" "$eris" deploy --extra-params '{ version = "5"; }'
expect 0 "0 activated, 3 deactivated" "$eris" undeploy
echo "all as promised"
