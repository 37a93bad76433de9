#!/usr/bin/env bash
# usage: fileset_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: each tool of Disnix for state has its command, with its options: folders are backed up, brought back, moved,
# deleted and cleaned, and with --all older generations come along.
# Method: the commands of the page for users of Disnix are typed as they stand, with real daemons and the built-in
# module fileset, which needs no server; the folders and the stores say what became of them.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")")
export PATH=$programs:$PATH
cd "$work"

cat >infrastructure.nix <<NIX
let
  target = name: {
    properties.hostname = name;
    numOfCores = 4;
    containers.fileset = { targetDir = "$work/" + name; };
  };
in { t1 = target "t1"; t2 = target "t2"; }
NIX
cat >distribution.nix <<'NIX'
{ infrastructure }: { rooms = [ infrastructure.t1 ]; }
NIX
cat >services.nix <<'NIX'
{ system, pkgs, distribution, invDistribution }:
{
  rooms = {
    name = "rooms";
    type = "fileset";
    deployState = true;
    pkg = derivation {
      name = "rooms";
      inherit system;
      builder = "/bin/sh";
      args = [ "-c" ''/bin/mkdir -p "$out"; echo "mkdir data" > "$out/.dysnomia-fileset"'' ];
    };
  };
}
NIX
start_up

python3 "$here/manual_commands.py" table "$here/../../docs/manual/from-disnix.md" fileset_test.sh >"$work/commands"
set= # of the last backup

# A command of the page, with what its words stand for.
typed() {
  local command
  command=$(sed -E "s/ C\b/ fileset/; s/ X\b/ rooms/; s/ T\b/ t1/; s/ N\b/ 3/; s/ ID\b/ $set/
    s| SNAPSHOT\b| fileset/rooms/|; s| FILE\b| $work/rooms.tar|" <<<"$1")
  run eval "$command"
  [ "$status" = 0 ] || { cat "$work/out"; fail "'$command' ended with $status"; }
  grep -vxF -- "$1" "$work/commands" >"$work/left" || true
  mv "$work/left" "$work/commands"
  echo "ok: $command"
}
# those BEGIN: each command of the page that begins so.
those() {
  local command
  grep "^$1" "$work/commands" >"$work/chosen" || fail "the page has no '$1'"
  while read -r command; do typed "$command" </dev/null; done <"$work/chosen"
}

depot=$state/planner/snapshots/default
store_of() { echo "$state/targets/$1/dysnomia"; }
snapshots_in() { find "$1/snapshots/fileset/rooms" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
# has STORE NUMBER: of snapshots.
has() { [ "$(snapshots_in "$1")" = "$2" ] || fail "$1 has $(snapshots_in "$1") snapshots, not $2"; }
write() { echo "$1" >"$work/t1/data/guests"; }
reads() { [ "$(cat "$work/$1/data/guests")" = "$2" ] || fail "$1 holds '$(cat "$work/$1/data/guests")', not '$2'"; }

expect 0 "committed as generation 1" "$eris" deploy
for guests in one two three four; do
  write "$guests"
  expect 0 "1 snapshots in the depot" "$eris" snapshot --all-services
done
set=$(sed -n 's/^set \([0-9]*\):.*/\1/p' "$work/out")
has "$(store_of t1)" 4
has "$depot" 4

# The newest alone, then all; what is taken once more is the same.
rm -r "$depot"
expect 0 "in the depot" "$eris" snapshot --all-services
has "$depot" 1
has "$(store_of t1)" 4
rm -r "$depot"
those "eris snapshot "
has "$depot" 4
has "$(store_of t1)" 3
rm -r "$depot"
typed "eris snapshot --all-services --transfer-only"
has "$depot" 1
typed "eris snapshot --transfer-only --target T -C C -c X --all"
has "$depot" 3

# Brought back: the newest, with older ones, and what one backup holds.
typed "eris clean-snapshots --target T"
has "$(store_of t1)" 1
write five
typed "eris restore --transfer-only --target T -C C -c X --all"
has "$(store_of t1)" 3
reads t1 five
those "eris restore "
reads t1 four
expect 0 "fetch the older snapshots of rooms" "$eris" restore --all-services --all --dry-run

# What a deployment has left where it was.
sed -i 's/infrastructure.t1/infrastructure.t2/' distribution.nix
expect 0 "committed as generation 2" "$eris" deploy --no-migration
[ ! -e "$work/t2/data/guests" ] || fail "it has moved already"
has "$(store_of t2)" 0
those "eris migrate "
reads t2 four
[ "$(snapshots_in "$(store_of t2)")" -gt 2 ] || fail "no older ones have come"
reads t1 four
those "eris delete-state "
[ ! -e "$work/t1/data" ] || fail "it is still there"

# Stores are cleaned, here and there.
those "eris clean-snapshots "
[ "$(snapshots_in "$(store_of t2)")" -le 3 ] || fail "t2 was not cleaned"
those "eris snapshots "
[ "$(snapshots_in "$depot")" -le 4 ] || fail "the depot was not cleaned before one came in"
[ ! -s "$work/commands" ] || fail "not typed: $(cat "$work/commands")"
echo "all as promised"
