#!/usr/bin/env bash
# usage: capture_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: what targets say of themselves is what was deployed to them, and store paths get to targets by themselves.
# Method: a deployment is captured and compared with what is deployed; targets that are silent, and paths that are
# nowhere, are errors.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
make_models
make_puppet
start_up
infrastructure=(-i "$work/infrastructure.nix")

expect 0 "committed as generation 1" deploy

# Captured, it is what is deployed: nothing is left to do.
"$eris" capture-manifest "${infrastructure[@]}" >"$work/captured.json" || fail "cannot capture"
expect 0 "nothing to do" "$eris" plan -D "$work/captured.json"
# It follows the targets, not the models: after another deployment it leads back.
expect 0 "committed as generation 2" deploy "$(version 2)"
expect 0 "2 to activate, 2 to deactivate" "$eris" plan -D "$work/captured.json"
"$eris" capture-manifest "${infrastructure[@]}" >"$work/again.json" || fail "cannot capture"
expect 0 "nothing to do" "$eris" plan -D "$work/again.json"

# A target without a worker is an error, unless it may be missing.
sed '$s/}/test4 = { properties.hostname = "test4"; }; }/' "$work/infrastructure.nix" >"$work/more.nix"
expect 4 "test4 gave no answer" "$eris" capture-manifest -i "$work/more.nix" --wait 1
expect 0 "warning: test4 gave no answer and is left out" \
  "$eris" capture-manifest -i "$work/more.nix" --wait 1 --allow-missing

# Store paths.
package=$(sed -n 's/.*"pkg": "\(.*-data\)".*/\1/p' "$work/captured.json" | head -n 1)
[ -n "$package" ] || fail "the captured manifest has no package"
expect 0 "1 paths are on 2 targets" "$eris" copy-closure --to test1 --to test2 "$package"
nowhere=${package%/*}/00000000000000000000000000000000-nowhere
expect 4 "test1 does not have the paths" "$eris" copy-closure --to test1 "$nowhere" --wait 5
expect 1 "eris copy-closure --help" "$eris" copy-closure --to test1
echo "all as promised"
