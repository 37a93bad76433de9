#!/usr/bin/env bash
# usage: diagnose_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: `eris diagnose` gives who may a shell, or a command, beside a service, with its container's properties, the
# person's terminal and the exit status; nobody else gets one; and each is in the history.
# Method: one site whose client key gets the right in the course; a terminal of 33 rows made with script(1)'s like.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
cd "$work"
cat >infrastructure.nix <<'NIX'
let target = name: { properties.hostname = name; containers.process = { greeting = "hello from ${name}"; }; };
in { test1 = target "test1"; test2 = target "test2"; test3 = target "test3"; }
NIX
cat >services.nix <<'NIX'
{ system, pkgs, distribution, invDistribution }:
let
  make = name: {
    inherit name;
    type = "process";
    pkg = derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [ "-c" ''/bin/mkdir -p "$out/bin"; printf '#!/bin/sh\nexec /bin/sleep 1000000\n' > "$out/bin/run"; /bin/chmod +x "$out/bin/run"'' ];
    };
  };
in { data = make "data"; api = make "api"; web = make "web"; }
NIX
cat >distribution.nix <<'NIX'
{ infrastructure }: with infrastructure; { data = [ test1 ]; api = [ test2 ]; web = [ test2 test3 ]; }
NIX
start_up
expect 0 "committed as generation 1" deploy

# ---- off by default, for the administrator's key too ----
diagnose() { "$eris" diagnose "$@"; }
expect 1 "may not diagnose on target 'test1'" diagnose -S data --command true
key=$state/keys/operator.toml
[ -s "$key" ] || fail "the site has no client's key"
echo 'diagnose = ["test1", "test2", "test3"]' >>"$key"
until_true 60 eval "'$eris' diagnose -S data --command true >out 2>&1"

# ---- what is meant ----
expect 0 "test2 in process" diagnose -S api --show-mappings
expect 1 "no service nothing is deployed" diagnose -S nothing
expect 1 "no service api is deployed on nowhere" diagnose -S api -t nowhere
expect 1 "several times: on test2 in process, test3 in process" diagnose -S web
expect 0 "xx" diagnose -S web --command "printf x"
expect 3 "" diagnose -S web --command "printf y; exit 3"
[ "$(cat out)" = y ] || fail "it went on behind a failure: $(cat out)"

# ---- a command ----
expect 7 "so" diagnose -S data --command "echo so; exit 7"
expect 0 "^hello from test1, /.*-data\$" diagnose -S data --command 'echo "$greeting, $this_component"'
printf 'one\ntwo\n' | diagnose -S data --command 'cat; echo end' >out || fail "no input: $(cat out)"
[ "$(cat out)" = "$(printf 'one\ntwo\nend')" ] || fail "the input did not arrive: $(cat out)"
head -c 3000000 /dev/zero | tr '\0' 'z' >large
diagnose -S data --command cat <large | cmp - large || fail "3 MB did not come back"
echo 'echo a script; exit 4' >script
run diagnose -S data <script
[ "$status" = 4 ] || fail "the script ended with $status: $(cat out)"

# ---- a shell on a terminal ----
cat >terminal.py <<'PY'
import fcntl, os, pty, select, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
seen, end = "", time.monotonic() + 60
def until(text):
    global seen
    while text not in seen:
        if time.monotonic() > end: sys.exit(f"no {text!r}, but {seen!r}")
        if select.select([fd], [], [], 1)[0]:
            seen += os.read(fd, 65536).decode("utf-8", "replace")
def say(text): os.write(fd, text.encode())
until("[dysnomia-shell:")
say("stty size\r"); until("33 111")
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 70, 0, 0))
say("while [ \"$(stty size)\" != '20 70' ]; do :; done; echo res'ized'\r"); until("resized")
say("echo rea'dy'; cat\r"); until("ready"); say("both\r"); until("both\r\nboth")  # cat reads: Ctrl-C is for it
seen = ""
say("\x03"); until("[dysnomia-shell:"); say("echo ali've'\r"); until("alive")
say("exit 9\r")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(0 if status == 9 else f"exit status {status}: {seen!r}")
PY
timeout 100 python3 terminal.py "$eris" diagnose -S data || fail "no shell on a terminal"

# ---- who leaves, and what is known of it ----
timeout 60 "$eris" diagnose -S data --command 'echo $$ >'"$work/pid; sleep 100000" </dev/null &
left=$!
until_true 30 test -s pid
kill -INT "$left"
wait "$left" || true
until_true 60 eval "! kill -0 $(cat pid) 2>/dev/null"
expect 0 "diagnose .* operator" "$eris" history
echo "all as promised"
