#!/usr/bin/env bash
# usage: scenario_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: a system lives through what Disnix' own tests put one through: install, repeat, move, replace, a target
# that goes, transitive change, change of type, failing upgrade, rollback, switch, several containers, ordering,
# provided containers, packages on targets, extra parameters, undeploy.
# Method: real daemons and models in Disnix' shape, each written down as a person would; two modules of somebody
# else that note what they are told. After each step: which services are where, what was called in which order,
# how many generations there are.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_puppet
# A package may be a folder, too.
sed -i 's|^text=.*|text=$(cat "$2" 2>/dev/null \|\| cat "$2/text")|' "$work/modules/puppet"
cp "$work/modules/puppet" "$work/modules/other" # another type with the same manners

cat >"$work/infrastructure.nix" <<'NIX'
{
  test1 = { properties.hostname = "test1"; containers = { puppet.foo = "bar"; other = { }; second = { }; }; };
  test2 = { properties.hostname = "test2"; containers = { puppet.foo = "bar"; other = { }; }; };
  test3 = { properties.hostname = "test3"; containers = { puppet.foo = "bar"; other = { }; }; };
}
NIX
sed '/test3/d' "$work/infrastructure.nix" >"$work/infrastructure-2.nix"
cat >"$work/pkgs.nix" <<'NIX'
system: {
  make = name: text: derivation { inherit name system text; builder = "/bin/sh"; args = [ "-c" ''echo "$text" > "$out"'' ]; };
}
NIX
# services NAME TEXT-OF-one TYPE-OF-two MORE: `two` depends on `one`, `three` on both.
services() {
  cat >"$work/$1" <<NIX
{ system, pkgs, distribution, invDistribution, version ? "1" }:
let inherit (import ./pkgs.nix system) make;
in rec {
  one = { name = "one"; type = "puppet"; pkg = make "one" "$2"; };
  two = { name = "two"; type = "$3"; dependsOn = { inherit one; }; pkg = { one }: make "two" "two \${version}"; };
  three = {
    name = "three"; type = "puppet"; dependsOn = { inherit one two; };
    pkg = { one, two }: make "three" "three by \${two.target.properties.hostname}";
  };
  $4
}
NIX
}
services services.nix "one 1" puppet ""
distribution() { # NAME TEXT
  echo "{ infrastructure }: with infrastructure; { $2 }" >"$work/$1"
}
distribution distribution.nix "one = [ test1 ]; two = [ test2 ]; three = [ test3 ];"
distribution distribution-moved.nix "one = [ test2 ]; two = [ test1 ]; three = [ test3 ];"
deploy_as() { # SERVICES DISTRIBUTION OPTION...
  local s=$1 d=$2
  shift 2
  "$eris" deploy -s "$work/$s" -i "$work/infrastructure.nix" -d "$work/$d" "$@"
}
generations() { "$eris" generations --json | grep -c '"generation"' || true; }
expect_generations() { [ "$(generations)" = "$1" ] || fail "there are $(generations) generations, wanted $1"; }
expect_on() { # TARGET SERVICES: what is active there, as TEXT of each
  local found
  found=$("$eris" query --json "$1" 2>/dev/null | python3 -c 'import json, sys
def mappings(value):
    if isinstance(value, list): return [m for one in value for m in mappings(one)]
    if isinstance(value, dict): return value.get("mappings") or [m for one in value.values() for m in mappings(one)]
    return []
print(" ".join(sorted(m["name"] + ("" if m["container"] == "puppet" else "/" + m["container"])
                      for m in mappings(json.load(sys.stdin)) if m["state"] == "active")))')
  [ "$found" = "$2" ] || fail "on $1 there is '$found', wanted '$2'"
  echo "ok: on $1: $2"
}
expect_order() { # what was done since forget_calls, without locks
  local done_now
  done_now=$(sed -n 's/^done \(activate\|deactivate\) /\1 /p' "$work/modules/calls" | tr '\n' ';')
  [ "$done_now" = "$1" ] || fail "done were '$done_now', wanted '$1'"
  echo "ok: $1"
}
profile_of() { readlink -f "$(find "$state/targets/$1" -name default -type l | head -n 1)"; }
links_of() { find "$state/targets/$1" -name 'default*' -type l | wc -l; }
is_absent() { "$eris" targets | grep -q "target.$1 *absent"; }

start_up

# Nothing yet; a first installation that fails leaves nothing.
expect 1 "no generation" "$eris" rollback
break_it activate.two
expect 2 "^rolled back" deploy_as services.nix distribution.nix
mend activate.two
for service in one two three; do expect_active $service ""; done
expect_generations 0

# Install: dependencies first; one generation; nothing to go back to.
forget_calls
expect 0 "committed as generation 1.*: 3 activated" deploy_as services.nix distribution.nix
expect 0 "activate two" "$eris" logs "$(transaction_of)"
expect_order "activate one 1;activate two 1;activate three by test2;"
expect_on test1 "one"
expect_on test2 "two"
expect_on test3 "three"
expect_generations 1
expect 1 "no generation" "$eris" rollback

# The same again: no generation, no new profile on any target.
before=$(profile_of test1) links=$(links_of test1)
forget_calls
expect 0 "unchanged" deploy_as services.nix distribution.nix
expect_generations 1
[ "$(profile_of test1)" = "$before" ] && [ "$(links_of test1)" = "$links" ] ||
  fail "the profile of test1 changed"
[ ! -s "$work/modules/calls" ] || fail "something was done: $(cat "$work/modules/calls")"
# The same in the long notation.
distribution distribution-long.nix "one.targets = [ { target = test1; } ]; two.targets = [ { target = test2; container = \"puppet\"; } ]; three = [ test3 ];"
expect 0 "unchanged" deploy_as services.nix distribution-long.nix

# Move, and back.
forget_calls
expect 0 "committed as generation 2" deploy_as services.nix distribution-moved.nix
expect_order "deactivate three by test2;deactivate two 1;deactivate one 1;activate one 1;activate two 1;activate three by test1;"
expect_on test1 "two"
expect_on test2 "one"
expect 0 "committed as generation 3" deploy_as services.nix distribution.nix
expect_on test1 "one"

# Replace: `three` uses another service, and `two` is no more.
services services-replaced.nix "one 1" puppet 'deux = { name = "deux"; type = "puppet"; pkg = make "deux" "deux 1"; };'
sed -i 's/inherit one two;/inherit one; two = deux;/' "$work/services-replaced.nix"
distribution distribution-replaced.nix "one = [ test1 ]; deux = [ test2 ]; three = [ test3 ];"
expect 0 "committed as generation 4.*: 2 activated, 2 deactivated, 1 kept" deploy_as services-replaced.nix distribution-replaced.nix
expect_on test2 "deux"
expect_active two ""
expect 0 "committed as generation 5" deploy_as services.nix distribution.nix

# A change of `one` goes through to all that depend on it.
services services-changed.nix "one 2" puppet ""
forget_calls
expect 0 "committed as generation 6.*: 3 activated, 3 deactivated, 0 kept" deploy_as services-changed.nix distribution.nix
expect_order "deactivate three by test2;deactivate two 1;deactivate one 1;activate one 2;activate two 1;activate three by test2;"

# Another type: the old module takes it down, the new one brings it up.
services services-type.nix "one 2" other ""
forget_calls
expect 0 "committed as generation 7.*: 2 activated, 2 deactivated, 1 kept" deploy_as services-type.nix distribution.nix
expect_on test2 "two/other"

# An upgrade that fails brings the old version back.
break_it activate.two-9
expect 2 "^rolled back" deploy_as services-type.nix distribution.nix "$(version 9)"
mend activate.two-9
expect_active two "two 1"
expect_active three "three by test2"
expect_generations 7

# Back by one, and to one by its number: each is a generation.
expect 0 "committed as generation 8" "$eris" rollback
expect_on test2 "two"
expect 0 "committed as generation 9" "$eris" rollback --to 1
expect_active one "one 1"
expect 1 "generation 99" "$eris" rollback --to 99

# One service in two containers of a target and on another one: each instance is activated.
distribution distribution-multi.nix "one.targets = [ { target = test1; } { target = test1; container = \"second\"; } { target = test2; } ]; two = [ test2 ]; three = [ test3 ];"
expect 0 "committed as generation 10" deploy_as services.nix distribution-multi.nix
expect_on test1 "one one/second"
expect_on test2 "one two"
for target in test1 test2; do
  grep -q -- '-one"' "$(profile_of $target)/manifest.nix" || fail "the profile of $target lacks one"
done
expect 0 "committed as generation 11" deploy_as services.nix distribution.nix

# After another without knowing it; cycles of connectsTo.
services services-order.nix "one 1" puppet '
  late = { name = "late"; type = "puppet"; activatesAfter = { inherit three; }; connectsTo = { inherit later; }; pkg = { later }: make "late" "late 1"; };
  later = { name = "later"; type = "puppet"; connectsTo = { inherit late; }; pkg = { late }: make "later" "later 1"; };'
distribution distribution-order.nix "one = [ test1 ]; two = [ test2 ]; three = [ test3 ]; late = [ test1 ]; later = [ test3 ];"
hold activate.later
deploy_as services-order.nix distribution-order.nix >"$work/deploy.log" 2>&1 &
deploy_pid=$!
until_true 20 was_called "done activate late 1" # does not wait for `later`, which connects to it
let_go activate.later
wait "$deploy_pid" || fail "deploy ended with $?: $(cat "$work/deploy.log")"
forget_calls
expect 0 "committed as generation 13" deploy_as services-order.nix distribution-order.nix "$(version 2)"
expect_order "deactivate late 1;deactivate three by test2;deactivate two 1;activate two 2;activate three by test2;activate late 1;"

# A container of a service and one of the infrastructure: what reaches the module. The provider's package brings
# the module of its container.
cat >"$work/modules/showing" <<SH
#!/bin/sh
echo "\$1 \$(cat "\$2"): \$foo in \$3" >>"$work/modules/calls"
SH
chmod +x "$work/modules/showing"
container_services() { # NAME NOTATION
  services "$1" "one 1" puppet '
  box = {
    name = "box"; type = "puppet"; '"$2"'
    pkg = derivation {
      name = "box"; inherit system; builder = "/bin/sh"; module = builtins.readFile '"$work/modules/showing"';
      args = [ "-c" '"''"'
        /bin/mkdir -p $out/libexec/dysnomia
        printf "%s" "$module" >$out/libexec/dysnomia/box
        /bin/chmod +x $out/libexec/dysnomia/box
        echo box 1 >$out/text'"''"' ];
    };
  };
  guest = { name = "guest"; type = "box"; pkg = make "guest" "guest 1"; };
  free = { name = "free"; type = "showing"; pkg = make "free" "free 1"; };'
}
distribution distribution-container.nix 'one = [ test1 ]; two = [ test2 ]; three = [ test3 ]; box = [ test1 ]; guest = [ test1 ];
  free.targets = [ { target = test2; container = "puppet"; } ];'
container_services services-container.nix 'providesContainer = "box"; foo = "inside";'
forget_calls
expect 0 "committed as generation 14" deploy_as services-container.nix distribution-container.nix
grep -qx "activate free 1: bar in puppet" "$work/modules/calls" || fail "not with the infrastructure's property"
grep -x "done activate box 1\|activate guest 1: inside in box" "$work/modules/calls" | head -n 1 | grep -q box\ 1 ||
  fail "the guest came before its container"
grep -qx "activate guest 1: inside in box" "$work/modules/calls" || fail "not with the provider's property"
expect_on test1 "box guest/box one"
container_services services-container-2.nix 'providesContainers.box.foo = "inside";'
expect 0 "unchanged" deploy_as services-container-2.nix distribution-container.nix

# Packages on targets, beside the services.
cat >"$work/packages.nix" <<'NIX'
{ pkgs, system }: {
  test1 = [ (derivation { name = "tool"; inherit system; builder = "/bin/sh";
    args = [ "-c" "/bin/mkdir -p $out/bin; echo a tool >$out/bin/tool" ]; }) ];
}
NIX
expect 0 "committed as generation 15" deploy_as services.nix distribution.nix -P "$work/packages.nix"
grep -qx "a tool" "$(profile_of test1)/bin/tool" || fail "the tool is not in the profile of test1"
expect 0 "committed as generation 16" deploy_as services.nix distribution.nix
[ ! -e "$(profile_of test1)/bin/tool" ] || fail "the tool is still in the profile of test1"

# A target goes from the infrastructure. It is connected: what runs there is taken down.
distribution distribution-2.nix "one = [ test1 ]; two = [ test2 ];"
without_test3() { "$eris" deploy -s "$work/services.nix" -i "$work/infrastructure-2.nix" -d "$work/distribution-2.nix" "$@"; }
expect 0 "committed as generation 17.*1 deactivated, 2 kept" without_test3
expect_active three ""
# It is not connected: nobody waits for it, and it is taken down when it comes back.
expect 0 "committed as generation 18" deploy_as services.nix distribution.nix
worker=$(pid_of worker-test3)
kill -STOP "$worker"
until_true 60 is_absent test3
expect 0 "committed as generation 19.*test3 waits for its return" without_test3 --wait 1
expect_active three "three by test2"
kill -CONT "$worker"
until_true 60 eval "! [ -e '$work/modules/active/three' ]"

expect 0 "0 activated, 2 deactivated" "$eris" undeploy
for service in one two three late later box; do expect_active $service ""; done
for target in test1 test2 test3; do expect_on $target ""; done
expect 0 "unchanged" "$eris" undeploy
echo "all as promised"
