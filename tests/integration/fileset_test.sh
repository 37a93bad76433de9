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

# A base beforehand: the increment alone falls into the window; a base is restored by nobody, and goes when it is
# nobody's.
bases_in() { find "$1/snapshots/fileset/rooms" -maxdepth 1 -name 'base-*' 2>/dev/null | sort; }
has_bases() { [ "$(bases_in "$1" | wc -l)" = "$2" ]; }
head -c 300000 /dev/urandom >"$work/t2/data/large"
echo old >"$work/t2/data/gone"
sed -i 's/infrastructure.t2/infrastructure.t1/' distribution.nix
expect 0 "take a base of rooms in fileset on t2" "$eris" plan --pre-copy
expect 0 "stopped after prepare" "$eris" deploy --pre-copy --until prepare
for store in "$(store_of t1)" "$(store_of t2)" "$depot"; do
  has_bases "$store" 1 || fail "no base in $store"
done
"$eris" snapshots list --all >"$work/out"
grep -q 'base-.* base ' "$work/out" || fail "the base is not listed as one"
expect 0 "cancelling" "$eris" cancel "$("$eris" status --json | grep -o '"transaction": *[0-9]*' | head -1 | grep -o '[0-9]*')"
until_true 30 has_bases "$depot" 0

mv "$work/t1" "$work/t1.aside"
: >"$work/t1" # no folder: the activation fails
expect 2 "rolled back" "$eris" deploy --pre-copy
rm "$work/t1"
mv "$work/t1.aside" "$work/t1"
expect 0 "committed as generation 3" "$eris" deploy --pre-copy
cmp "$work/t1/data/large" "$work/t2/data/large"
grep -qx old "$work/t1/data/gone" || fail "not all has come"
base=$(basename "$(bases_in "$depot" | head -1)")
increment=$(basename "$(dirname "$(find "$depot/snapshots" -name increment-of | head -1)")")
[ -n "$increment" ] || fail "no increment was taken"
expect 0 "a base: only increments" "$eris" snapshots show "fileset/rooms/$base"
expect 0 "an increment of the base" "$eris" snapshots show "fileset/rooms/$increment"
expect 0 "a base)" "$eris" snapshots verify --all
expect 0 "fileset/rooms/" "$eris" snapshots list --service rooms --target t1
expect 1 "nothing runs on t2 now" "$eris" snapshots list --target t2
expect 1 "name a container or a component" "$eris" snapshots verify --service nobody
expect 1 "never restored alone" "$eris" restore --service rooms --snapshot "fileset/rooms/$base"
echo other >"$work/t1/data/gone"
expect 0 "committed" "$eris" restore --service rooms
grep -qx old "$work/t1/data/gone" || fail "base and increment were not restored together"

# The planner cleans the depot: also of what an increment needed. What is newest stays.
echo last >"$work/t1/data/guests"
expect 0 "in the depot" "$eris" snapshot --all-services
expect 0 "the depot: .* freed" "$eris" clean-snapshots --depot
has "$depot" 1
expect 0 "the depot" "$eris" clean-snapshots
echo "all as promised"
