#!/usr/bin/env bash
# usage: manual_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: what the manual says can be typed, and does what it says: the tutorial from its first line to its last, and
# each command of the page for users of Disnix, with its environment variables.
# Method: the commands are read from the pages (manual_commands.py) and run as they stand, in a home of their own.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")")
manual=$here/../../docs/manual
export PATH=$programs:$PATH HOME=$work/home
mkdir "$HOME" "$work/tutorial"
cd "$work/tutorial"

# A command of a page; its output has each of the texts. It may set variables for those that follow.
typed() {
  local command=$1 text
  shift
  if ! eval "$command" >"$work/out" 2>&1; then
    cat "$work/out"
    fail "'$command' ended with an error"
  fi
  for text in "$@"; do
    grep -qF -- "$text" "$work/out" || { cat "$work/out"; fail "'$command' does not say '$text'"; }
  done
  echo "ok: $command"
}
# One that goes on, as `eris up` does.
beside() {
  local command=$1
  [ ${#own_store[@]} = 0 ] || command="$command --own-store"
  eval "exec $command" >"$work/up.log" 2>&1 &
  up_pid=$!
  until_true 60 eval "grep -q '^ready' '$work/up.log' || ! kill -0 $up_pid"
  grep -q '^ready' "$work/up.log" || fail "'$command' ended"
  echo "ok: $command"
}

unset ERIS_CONFIG_DIR
python3 "$here/manual_commands.py" tutorial "$manual/tutorial.md" >"$work/tutorial.sh"
source "$work/tutorial.sh"

# From Disnix: the same models, and what the table needs beside them.
"$eris" manifest --json >DEPLOYMENT.json
cat >ARCH.nix <<'NIX'
{ system, pkgs }:
let infrastructure = import ./infrastructure.nix;
in { inherit infrastructure; services = { }; }
NIX
echo '{ pkgs, system }: { }' >P.nix
"$eris" deploy >"$work/out" 2>&1 || { cat "$work/out"; fail "cannot deploy"; }
last=$("$eris" generations --json | sed -n 's/.*"generation": \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
package=$(sed -n 's/.*"pkg": "\(.*\)".*/\1/p' DEPLOYMENT.json | head -n 1)
target=$(sed -n 's/.*"target": "\(.*\)".*/\1/p' DEPLOYMENT.json | head -n 1)
python3 "$here/manual_commands.py" table "$manual/from-disnix.md" >"$work/commands"
while read -r command; do
  command=$(sed -E "s/ ARCH\b/ ARCH.nix/; s/ DEPLOYMENT\b/ DEPLOYMENT.json/; s/ -P P\b/ -P P.nix/
    s/ -s S\b/ -s services.nix/; s/ -i I\b/ -i infrastructure.nix/; s/ -d D\b/ -d distribution.nix/
    s/ N\b/ $last/; s/ TX\b/ ${stopped:-TX}/; s/ TARGET\b/ $target/; s| PATH\b| $package|" <<<"$command")
  typed "$command" </dev/null
  stopped=$(sed -n 's/.*eris deploy --resume \([0-9]*\).*/\1/p' "$work/out" | tail -n 1)
done <"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 12 ] || fail "too few commands were found: $(cat "$work/commands")"

# Its environment variables.
DISNIX_PROFILE=other expect 0 "2 to activate, 0 to deactivate" "$eris" plan
DISNIX_PROFILE=other expect 0 "2 to activate, 0 to deactivate" "$eris" plan -p another
DISNIX_PROFILE=a/b expect 1 "cannot be the name of a profile" "$eris" status
DISNIX_TARGET_PROPERTY=address expect 1 "no property 'address'" "$eris" manifest
DISNIX_DEPLOY_STATE=1 "$eris" manifest --json | grep -q '"component": "hello"' || fail "DISNIX_DEPLOY_STATE is not read"
"$eris" manifest --json | grep -q '"component": "hello"' && fail "state without being asked for"

# clientInterface is accepted, with one notice however many targets have it.
sed 's/properties.hostname/clientInterface = "disnix-ssh-client"; &/' infrastructure.nix >with-clients.nix
expect 0 "clientInterface is accepted, but not used (2 targets)" "$eris" manifest -i with-clients.nix
[ "$(grep -c clientInterface "$work/out")" = 1 ] || fail "more than one notice: $(cat "$work/out")"
echo "all as promised"
