# What the integration tests share: a folder of their own, a site (`eris up`) that is stopped whatever happens,
# and a module of somebody else, the puppet, that does as files tell it. Sourced with the folder of the programs
# as the first argument.
set -euo pipefail
programs=$(readlink -f "$1")
eris=$programs/eris
work=$(mktemp -d "${TMPDIR:-/tmp}/eris-integration-XXXXXX")
state=$work/state
export ERIS_CONFIG_DIR=$state
NIX_CONFIG=$(printf '%s\nsandbox = false\nsubstituters =\nbuild-users-group =' "${NIX_CONFIG:-}")
export NIX_CONFIG
up_pid=
others=()

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    echo "FAILED; the logs:"
    cat "$work"/up.log 2>/dev/null || true
    tail -n 20 "$state"/log/* 2>/dev/null || true
    [ ! -e "$work/modules/calls" ] || { echo "calls of the puppet:"; tail -n 30 "$work/modules/calls"; }
  fi
  rm -f "$work"/modules/hold.* 2>/dev/null || true
  if [ -n "$up_pid" ]; then kill -TERM "$up_pid" 2>/dev/null && wait "$up_pid" || true; fi
  for pid in $(jobs -p); do kill -TERM "$pid" 2>/dev/null || true; done # a deploy that waits
  for pid in "${others[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid" || true; done
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT

fail() { echo "FAILED: $*"; exit 1; }

# run COMMAND...: its output in $work/out, its exit status in $status.
run() {
  status=0
  "$@" >"$work/out" 2>&1 || status=$?
}

# expect STATUS TEXT COMMAND...: its exit status, and what its output holds.
expect() {
  local wanted=$1 text=$2
  shift 2
  run "$@"
  if [ "$status" != "$wanted" ] || ! grep -q -- "$text" "$work/out"; then
    cat "$work/out"
    fail "'${*#"$programs"/}' ended with $status, wanted $wanted and \"$text\""
  fi
  echo "ok: ${*#"$programs"/}"
}

# until_true SECONDS COMMAND...
until_true() {
  local tries=$(($1 * 10)) seconds=$1
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "not within $seconds s: $*"
    read -r -t 0.1 <> <(:) || true
  done
}

own_store=()
[ -w /nix/store ] && [ -w /nix/var/nix ] || own_store=(--own-store)

start_up() {
  : >"$work/up.log"
  "$eris" up -i "$work/infrastructure.nix" --state-dir "$state" "${own_store[@]}" "$@" >>"$work/up.log" 2>&1 &
  up_pid=$!
  until_true 60 eval "grep -q '^ready' '$work/up.log' || ! kill -0 $up_pid"
  grep -q '^ready' "$work/up.log" || fail "eris up ended"
}
stop_up() {
  kill -TERM "$up_pid"
  wait "$up_pid" || fail "eris up ended with $?"
  up_pid=
}

also_stop() { others+=("$1"); }  # a daemon that the test started itself

pid_of() { cat "$state/run/$1.pid"; }
is_replaced() { [ -s "$state/run/$1.pid" ] && [ "$(pid_of "$1")" != "$2" ]; }

# kill_daemon NAME: kill -9, and wait until `eris up` has started it again.
kill_daemon() {
  local old
  old=$(pid_of "$1")
  kill -KILL "$old"
  until_true 30 is_replaced "$1" "$old"
}

# make_models: three targets; `data`, `api` on it, `web` on that, all of type puppet. --extra-params: `version`
# of the api; `gate` = a file: the build of the api waits as long as it exists.
make_models() {
  cat >"$work/infrastructure.nix" <<'NIX'
{
  test1 = { properties.hostname = "test1"; containers.puppet = { }; numOfCores = 2; };
  test2 = { properties.hostname = "test2"; containers.puppet = { }; numOfCores = 2; };
  test3 = { properties.hostname = "test3"; containers.puppet = { }; numOfCores = 2; };
}
NIX
  cat >"$work/distribution.nix" <<'NIX'
{ infrastructure }: with infrastructure; { data = [ test1 ]; api = [ test2 ]; web = [ test3 ]; }
NIX
  cat >"$work/services.nix" <<'NIX'
{ system, pkgs, distribution, invDistribution, version ? "1", gate ? "" }:
let
  make = name: text: gate: derivation {
    inherit name system text gate;
    builder = "/bin/sh";
    args = [ "-c" ''while [ -n "$gate" ] && [ -e "$gate" ]; do /bin/sleep 0.1; done; echo "$text" > "$out"'' ];
  };
in rec {
  data = { name = "data"; type = "puppet"; pkg = make "data" "data 1" ""; };
  api = { name = "api"; type = "puppet"; dependsOn = { inherit data; }; pkg = { data }: make "api" "api ${version}" gate; };
  web = { name = "web"; type = "puppet"; dependsOn = { inherit api; }; pkg = { api }: make "web" "web" ""; };
}
NIX
}
models=(-s "$work/services.nix" -i "$work/infrastructure.nix" -d "$work/distribution.nix")
deploy() { "$eris" deploy "${models[@]}" "$@"; }
version() { echo "--extra-params={ version = \"$1\"; }"; }

# make_ticker: after make_models; beside these services a real process, whose module can tell that it died.
make_ticker() {
  cat >"$work/more.nix" <<'NIX'
args@{ system, pkgs, distribution, invDistribution, version ? "1" }:
(import ./services.nix args) // {
  ticker = {
    name = "ticker";
    type = "process";
    pkg = derivation {
      name = "ticker";
      inherit system;
      builder = "/bin/sh";
      args = [ "-c" ''/bin/mkdir -p "$out/bin"; printf '#!/bin/sh\nexec /bin/sleep 1000000\n' > "$out/bin/ticker"; /bin/chmod +x "$out/bin/ticker"'' ];
    };
  };
}
NIX
  cat >"$work/spread.nix" <<'NIX'
{ infrastructure }: (import ./distribution.nix { inherit infrastructure; }) // { ticker = [ infrastructure.test1 ]; }
NIX
  models=(-s "$work/more.nix" -i "$work/infrastructure.nix" -d "$work/spread.nix")
}

# make_puppet: a module in plain shell. It writes each call into modules/calls, waits while there is a file
# modules/hold.ACTIVITY.SERVICE, and fails when there is one modules/fail.ACTIVITY.SERVICE; with -VERSION at its
# end a file means that version only. What is active stands in modules/active.
make_puppet() {
  mkdir -p "$work/modules/active"
  cat >"$work/modules/puppet" <<'SH'
#!/bin/sh
here=${0%/*}
name=${2##*/}
name=${name#*-}
text=$(cat "$2")
told() {
  [ -e "$here/$1.$name" ] || [ -e "$here/$1.$name-${text#* }" ]
}
echo "$1 $text" >>"$here/calls"
while told "hold.$1"; do sleep 0.05; done
if told "fail.$1"; then
  echo "told to fail: $1 of $name" >&2
  exit 1
fi
case $1 in
  activate) echo "$text" >"$here/active/$name" ;;
  deactivate) rm -f "$here/active/$name" ;;
esac
echo "done $1 $text" >>"$here/calls"
SH
  chmod +x "$work/modules/puppet"
  : >"$work/modules/calls"
  export DYSNOMIA_MODULES_PATH=$work/modules
}
hold() { forget_calls; : >"$work/modules/hold.$1"; }
let_go() { rm -f "$work/modules/hold.$1"; }
break_it() { : >"$work/modules/fail.$1"; }
mend() { rm -f "$work/modules/fail.$1"; }
forget_calls() { : >"$work/modules/calls"; }
calls() { grep -c -x -- "$1" "$work/modules/calls" || true; }
was_called() { [ "$(calls "$1")" -gt 0 ]; }
expect_active() { # SERVICE TEXT: what is active; '' = nothing
  local text
  text=$(cat "$work/modules/active/$1" 2>/dev/null || true)
  [ "$text" = "$2" ] || fail "$1 is '$text', wanted '$2'"
}
# The transaction that $work/out or the given file tells of.
transaction_of() { sed -n 's/^transaction \([0-9]*\)$/\1/p' "${1:-$work/out}" | tail -n 1; }
