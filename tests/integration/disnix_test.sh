#!/usr/bin/env bash
# usage: disnix_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: what a running Disnix has deployed becomes generation 1 without any activity; after that Eris deploys as if it
# had been there from the beginning: the same models change nothing, others only what they change.
# Method: a site whose targets have profiles as Disnix makes them (in tests/unit/models they are read in every form),
# with the packages of the models; the puppet has been called as Disnix would have.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
cd "$work"
make_models
make_puppet
own_store=(--own-store)
start_up

setting() { sed -n "s|^store.$1 = '\(.*\)'|\1|p" "$state/client.toml"; }
in_store() {
  NIX_STORE_DIR=$(setting dir) NIX_STATE_DIR=$(setting state_dir) NIX_LOG_DIR=$(setting log_dir) \
    NIX_CONF_DIR=$(setting conf_dir) NIX_REMOTE=$(setting remote) "$@"
}

# ---- what Disnix has done: built, activated, and made a profile for each target ----
expect 0 "" "$eris" build "${models[@]}"
"$eris" manifest "${models[@]}" --json >manifest.json
package_of() { sed -n "s|.*\"pkg\": \"\(.*-$1\)\".*|\1|p" manifest.json | head -n 1; }
for name in data api web; do modules/puppet activate "$(package_of "$name")" puppet; done
service() { # NAME DEPENDENCY TARGET-OF-IT
  echo "<service name=\"key-of-$1\"><name>$1</name><pkg>$(package_of "$1")</pkg><type>puppet</type><dependsOn>"
  [ -z "$2" ] || echo "<mapping><container>puppet</container><service>key-of-$2</service><target>$3</target></mapping>"
  echo "</dependsOn><connectsTo/><providesContainers/></service>"
}
profile() { # TARGET NAME DEPENDENCY TARGET-OF-IT
  local path
  mkdir -p "profiles/$1" "$state/targets/$1/disnix"
  cat >"profiles/$1/profilemanifest.xml" <<XML
<?xml version="1.0"?>
<profilemanifest version="2"><services>$(service "$2" "$3" "$4")</services>
<serviceMappings><mapping><container>puppet</container><service>key-of-$2</service></mapping></serviceMappings>
<snapshotMappings/></profilemanifest>
XML
  path=$(in_store nix-store --add "profiles/$1")
  ln -sfn "$path" "$state/targets/$1/disnix/default-1-link"
  ln -sfn default-1-link "$state/targets/$1/disnix/default"
}
profile test1 data "" ""
profile test2 api data test1
reconstruct() { "$eris" reconstruct --from-disnix -i infrastructure.nix "$@"; }

# ---- what is not as it should be: one line each, and nothing has happened ----
expect 1 "test3: there is no profile of Disnix here: $state/targets/test3/disnix/default" reconstruct
profile test3 web api test9
expect 1 "error: .*'api' is not mapped to target 'test9'" reconstruct
profile test3 web other test2
expect 1 "error: .*the service 'key-of-other' is unknown" reconstruct
mkdir -p profiles/broken
echo '<profilemanifest version="2"><services>' >profiles/broken/profilemanifest.xml
ln -sfn "$(in_store nix-store --add profiles/broken)" "$state/targets/test3/disnix/default"
expect 1 "what Disnix says on test3 cannot be read: .* at byte" reconstruct
expect 0 "no generations" "$eris" generations
profile test3 web api test2

# ---- the adoption ----
forget_calls
expect 0 "committed as generation 1" reconstruct
[ ! -s modules/calls ] || fail "the adoption ran activities: $(cat modules/calls)"
expect 0 "reconstruct" "$eris" history
expect 0 "nothing differs" "$eris" query --drift
expect 0 "api" "$eris" query
expect 1 "has generation 1 already: Eris deploys it" reconstruct

# ---- and after it ----
expect 0 "0 to activate, 0 to deactivate, 3 kept; nothing goes down" "$eris" plan "${models[@]}"
expect 0 "committed as generation 2 .*: 0 activated, 0 deactivated, 3 kept" deploy
expect 0 "unchanged" deploy
expect 0 "committed as generation 3" "$eris" rollback
if grep activate modules/calls; then fail "what stays the same was activated anew"; fi
expect 0 "committed as generation 4 .*: 2 activated, 2 deactivated, 1 kept" deploy "$(version 2)"
was_called "deactivate api 1" || fail "what Disnix had activated was not deactivated"
was_called "activate data 1" && fail "more was deployed than had changed"
expect_active api "api 2"
expect 0 "0 activated, 3 deactivated" "$eris" undeploy
for name in data api web; do expect_active "$name" ""; done
echo "all as promised"
