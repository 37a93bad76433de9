#!/usr/bin/env bash
# usage: modules_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: components run under modules of others, with the properties of their containers: modules of
# DYSNOMIA_MODULES_PATH, modules in the package of the service that provides the container; secrets are resolved
# on the target and nowhere else.
# Method: real daemons; plain shell modules that note what they are given.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_puppet

cat >"$work/infrastructure.nix" <<'NIX'
{
  test1 = {
    properties.hostname = "test1";
    containers.safe = { user = "root"; password = { _secret = "db.password"; }; };
    containers.puppet = { };
  };
}
NIX
cat >"$work/distribution.nix" <<'NIX'
{ infrastructure }: with infrastructure; { vault = [ test1 ]; shop = [ test1 ]; goods = [ test1 ]; }
NIX
# `vault` lives in a container with a secret; `goods` in the container that `shop` provides, by the module that
# is in the package of `shop`.
cat >"$work/services.nix" <<'NIX'
{ system, pkgs, distribution, invDistribution, version ? "1", vaultVersion ? "1", calls }:
let
  make = name: text: derivation {
    inherit name system text;
    builder = "/bin/sh";
    args = [ "-c" ''echo "$text" > "$out"'' ];
  };
in rec {
  vault = { name = "vault"; type = "safe"; pkg = make "vault" "vault ${vaultVersion}"; };
  shop = {
    name = "shop";
    type = "puppet";
    providesContainer = "counter";
    port = 8080;
    pkg = derivation {
      name = "shop";
      inherit system;
      builder = "/bin/sh";
      module = ''
        #!/bin/sh
        echo "counter ${version}: $1 $(cat "$2") in $3, port $port" >> ${calls}
      '';
      # What a module in the search path may be, a package's module must: one program in libexec/dysnomia.
      args = [ "-c" ''
        /bin/mkdir -p "$out/libexec/dysnomia"
        echo "$module" > "$out/libexec/dysnomia/counter"
        /bin/chmod +x "$out/libexec/dysnomia/counter"
        echo "shop ${version}" > "$out/text"
      '' ];
    };
  };
  goods = { name = "goods"; type = "counter"; pkg = make "goods" "goods 1"; };
}
NIX
# The puppet reads a file; the shop is a folder.
sed -i 's|^text=.*|text=$(cat "$2" 2>/dev/null \|\| cat "$2/text")|' "$work/modules/puppet"
cat >"$work/modules/safe" <<'SH'
#!/bin/sh
here=${0%/*}
echo "$1 as $user with the password $password"
echo "$1 $user $password" >>"$here/safe.calls"
SH
chmod +x "$work/modules/safe"
params() { echo "--extra-params={ calls = \"$work/modules/calls\"; $1 }"; }
start_up

# Without the secret on the target nothing is activated with an empty password: it fails, and says what to do.
expect 2 "secret 'db.password' is not in $state/targets/test1/secrets" deploy "$(params "")"
[ ! -e "$work/modules/safe.calls" ] || ! grep -q activate "$work/modules/safe.calls" || fail "activated without its secret"

secret="sesame-$RANDOM-open"
mkdir -p "$state/targets/test1/secrets"
echo "$secret" >"$state/targets/test1/secrets/db.password"
forget_calls
expect 0 "committed as generation 1" deploy "$(params "")"
grep -qx "activate root $secret" "$work/modules/safe.calls" || fail "the module was not given its secret"
expect 0 "activate as root with the password \*" "$eris" logs 2
! grep -q "$secret" "$work/out" || fail "the secret is in the log"
! grep -rqaF "$secret" "$state/planner" "$state/broker" "$state/log" "$state/targets/test1/ledger.db" \
  "$state/targets/test1/attempts" || fail "the secret was written: $(grep -rlaF "$secret" "$state")"
profile=$(readlink -f "$(find "$state/targets/test1" -name default -type l | head -n 1)")
[ -e "$profile/manifest.nix" ] || fail "no profile below $state/targets/test1"
grep -q '_secret' "$profile/manifest.nix" || fail "the profile does not name the secret: $(cat "$profile/manifest.nix")"
! grep -q "$secret" "$profile/manifest.nix" || fail "the secret is in the store"
# Another value of it is no change; what is deactivated afterwards is given the current one.
echo "new-$secret" >"$state/targets/test1/secrets/db.password"
expect 0 "unchanged" deploy "$(params "")"
expect 0 "committed as generation 2" deploy "$(params 'vaultVersion = "2";')"
grep -qx "deactivate root new-$secret" "$work/modules/safe.calls" || fail "deactivated with the old secret"

# The provider comes first, its consumer is activated by its module, with the properties that it provides.
grep -qx "counter 1: activate goods 1 in counter, port 8080" "$work/modules/calls" ||
  fail "the provider's module was not called: $(cat "$work/modules/calls")"
order() { grep -v '^done\|lock' "$work/modules/calls"; }
[ "$(order | head -n 2)" = "activate shop 1
counter 1: activate goods 1 in counter, port 8080" ] || fail "not in order: $(order)"
# An upgrade of the provider takes its consumer down and up again: by the old module, then by the new one.
forget_calls
expect 0 "2 to activate, 2 to deactivate, 1 kept; down during the switch: goods, shop" \
  deploy "$(params 'vaultVersion = "2"; version = "2";')"
[ "$(order)" = "counter 1: deactivate goods 1 in counter, port 8080
deactivate shop 1
activate shop 2
counter 2: activate goods 1 in counter, port 8080" ] || fail "not in order: $(order)"
expect 0 "0 activated, 3 deactivated" "$eris" undeploy
echo "all as promised"
