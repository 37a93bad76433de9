#!/usr/bin/env bash
# usage: builds_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: each package is built by a worker that offers its system, or on its target; what fails is told with its
# derivation and the end of its log, stops no other build, and changes nothing that runs.
# Method: real daemons; a made-up second system, served by a worker that claims it and whose Nix believes it.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"

cat >"$work/infrastructure.nix" <<'NIX'
{
  test1 = { properties.hostname = "test1"; containers.echo = { }; };
  test2 = { properties.hostname = "test2"; containers.echo = { }; system = "made-up-os"; };
  test3 = { properties.hostname = "test3"; containers.echo = { }; };
}
NIX
cat >"$work/distribution.nix" <<'NIX'
{ infrastructure, both ? true }: with infrastructure; {
  both = if both then [ test1 test2 ] else [ test1 test3 ];
  plain = [ test1 ];
}
NIX
# `both` becomes two services; `plain` is a file of the store, with nothing to build.
cat >"$work/services.nix" <<'NIX'
{ system, pkgs, distribution, invDistribution, version ? "1", failing ? "", slow ? false }:
let
  make = name: script: derivation { inherit name system; builder = "/bin/sh"; args = [ "-c" script ]; };
in rec {
  both = {
    name = "both";
    type = "echo";
    pkg = make "both" (
      if failing != "" && failing == toString system then ''
        i=0; while [ $i -lt 100 ]; do echo "line $i of the log"; i=$((i + 1)); done; exit 3''
      else "${if slow then "/bin/sleep 1;" else ""} echo ${version} for ${toString system} > $out");
  };
  plain = { name = "plain"; type = "echo"; pkg = builtins.toFile "plain" "nothing to build\n"; };
}
NIX
params() { echo "--extra-params={ $1 }"; }
here=$(nix-instantiate --eval --expr builtins.currentSystem | tr -d '"')
output_of() { # SYSTEM PARAMETERS
  "$eris" manifest "${models[@]}" --json "$(params "$2")" |
    python3 -c 'import json, sys
print(next(s["pkg"] for s in json.load(sys.stdin)["services"].values() if s["name"] == "both" and s["system"] == sys.argv[1]))' "$1"
}
builds_of() { # TRANSACTION: on which queues it was built
  "$eris" logs "$1" --json |
    python3 -c 'import json, sys
print(" ".join(sorted({e["item"]["queue"] for e in json.load(sys.stdin) if e["item"]["verb"] == "build"})))'
}

start_up

# Nobody offers the second system: waited for, said, nothing changed.
expect 2 "no builder for made-up-os is connected" deploy --wait 1

# A worker that offers it. Only its own Nix builds for that system.
public=$("$eris" key generate "$work/builder.key")
expect 0 "" "$eris" key authorize --keys-dir "$state/keys" "$public" --name made-up-builder --role worker \
  --queue builder.made-up-os
mkdir -p "$work/builder"
{
  sed 's/^state_dir.*//; s/^key_file.*//; s/^name.*//; s/^systems.*//' "$state/builder/worker.toml"
  printf "name = 'made-up-builder'\nstate_dir = '%s'\nkey_file = '%s'\nsystems = ['made-up-os']\n" \
    "$work/builder" "$work/builder.key"
} >"$work/builder/worker.toml"
NIX_CONFIG=$(printf '%s\nextra-platforms = made-up-os' "$NIX_CONFIG") \
  "$programs/eris-worker" --config "$work/builder/worker.toml" >"$work/builder.log" 2>&1 &
also_stop $!

expect 0 "committed as generation 1" deploy
transaction=$(transaction_of)
[ "$(builds_of "$transaction")" = "builder.made-up-os builder.$here" ] || fail "built on $(builds_of "$transaction")"
grep -qx "1 for made-up-os" "$(output_of made-up-os "")" || fail "not built for its system"
grep -qx "1 for $here" "$(output_of "$here" "")" || fail "not built for its system"
expect 0 "both *echo *active" "$eris" query test2

# One fails; the other is built all the same, and nothing was locked or changed.
before=$("$eris" generations)
expect 2 "1 of 1 builds failed: both.drv: failed with exit code 3" \
  deploy "$(params "version = \"2\"; failing = \"made-up-os\"; slow = true;")"
transaction=$(transaction_of)
grep -q "line 99 of the log" "$work/out" || fail "no tail of the log: $(cat "$work/out")"
grep -q "both.drv failed with exit code 3" "$work/out" || fail "no derivation: $(cat "$work/out")"
grep -q "nothing has changed\|aborted" "$work/out" || fail "not aborted: $(cat "$work/out")"
[ -e "$(output_of "$here" "version = \"2\"; failing = \"made-up-os\"; slow = true;")" ] || fail "the other was not built"
! "$eris" logs "$transaction" | grep -q "lock" || fail "something was locked: $("$eris" logs "$transaction")"
[ "$("$eris" generations)" = "$before" ] || fail "a generation was made"
expect 0 "line 99 of the log" "$eris" logs "$transaction"
# `eris build` says the same without a broker.
expect 1 "line 99 of the log" "$eris" build "${models[@]}" "$(params "version = \"3\"; failing = \"$here\";")"

# From here on all are of this machine's system.
sed -i 's/ system = "made-up-os";//' "$work/infrastructure.nix"
# On the targets: each builds its own; what they built is found by the next transaction, on builders, too.
expect 0 "committed as generation 2" deploy --build-on-targets "$(params "version = \"4\"; both = false;")"
transaction=$(transaction_of)
[ "$(builds_of "$transaction")" = "target.test1 target.test2 target.test3" ] || fail "built on $(builds_of "$transaction")"
built=$(output_of "$here" "version = \"4\"; both = false;")
grep -qx "4 for $here" "$built" || fail "not built on the targets"
expect 2 "both.drv: failed with exit code 3" \
  deploy --build-on-targets "$(params "version = \"5\"; failing = \"$here\"; both = false;")"
expect 0 "committed as generation 3" "$eris" rollback --to 1
expect 0 "committed as generation 4" deploy "$(params "version = \"4\"; both = false;")"
[ -e "$built" ] || fail "what the targets built is gone"

# A deployment model of plain paths: nothing has a derivation, not even a system.
"$eris" manifest "${models[@]}" --json "$(params "version = \"4\"; both = false;")" |
  python3 -c 'import json, sys
m = json.load(sys.stdin)
m["profiles"], m["profileOrigins"] = {}, {}
for s in m["services"].values(): s["derivation"] = s["system"] = ""
for t in m["infrastructure"].values(): del t["system"]
for x in m["serviceMappings"]: del x["digest"]
print(json.dumps(m))' >"$work/deployment.json"
expect 0 "committed as generation 5" "$eris" rollback --to 1
expect 0 "committed as generation 6" "$eris" deploy -D "$work/deployment.json"
expect 0 "both *echo *active" "$eris" query test3
echo "all as promised"
