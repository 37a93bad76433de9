#!/usr/bin/env bash
# usage: state_test.sh DIRECTORY-OF-PROGRAMS [DIRECTORY-OF-SERVERS]
#
# Goal: a database moves while a service writes to it all the time, and every acknowledged write is there exactly
# once: after a move, after a move whose restore fails, after a move during which planner and workers are killed. A
# backup is brought back, and what was left somewhere moves after its service, just as safely.
# Method: real daemons, a PostgreSQL server for each of two targets, three databases on one of four cores, one of them
# with a table of 100,000 rows and one that the service adds to; what the service was told is compared with what is there.
set -euo pipefail
programs=$(readlink -f "$1")
servers=${2:-/nowhere}
eris=$programs/eris

initdb=$(ls -d "$servers"/usr/lib/postgresql/*/bin/initdb /usr/lib/postgresql/*/bin/initdb 2>/dev/null | head -n 1 || true)
if [ -z "$initdb" ] || [ "$(id -u)" != 0 ]; then
  echo "skipped: it needs root and a PostgreSQL server (scripts/setup --tests)"
  exit 77
fi
postgresql=$(dirname "$initdb")
export LD_LIBRARY_PATH=$servers/usr/lib/$(uname -m)-linux-gnu
export PATH=$postgresql:$PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/eris-state-test-XXXXXX")
chmod 755 "$work"
export ERIS_CONFIG_DIR=$work/state
NIX_CONFIG=$(printf '%s\nsandbox = false\nsubstituters =\nbuild-users-group =' "${NIX_CONFIG:-}")
export NIX_CONFIG
up_pid=

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    echo "FAILED; the logs:"
    cat "$work/up.log" 2>/dev/null || true
    tail -n 20 "$work"/state/log/* 2>/dev/null || true
  fi
  if [ -n "$up_pid" ]; then kill -TERM "$up_pid" 2>/dev/null && wait "$up_pid" || true; fi
  if [ -s "$work/run/writer.pid" ]; then kill -KILL "$(cat "$work/run/writer.pid")" 2>/dev/null || true; fi
  for target in t1 t2; do
    as_nobody pg_ctl stop --mode=immediate --pgdata="$work/$target/data" >/dev/null 2>&1 || true
  done
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT

fail() { echo "FAILED: $*"; exit 1; }

# expect STATUS TEXT COMMAND...: its exit status, and what its output holds.
expect() {
  local wanted=$1 text=$2 status=0
  shift 2
  "$@" >"$work/out" 2>&1 || status=$?
  if [ "$status" != "$wanted" ] || ! grep -q -- "$text" "$work/out"; then
    cat "$work/out"
    fail "'${*#"$programs"/}' ended with $status, wanted $wanted and \"$text\""
  fi
  echo "ok: ${*#"$programs"/}"
}

pause() { read -r -t 0.1 <> <(:) || true; }

# until_true SECONDS COMMAND...
until_true() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "never true: $*"
    pause
  done
}

# ask TARGET SQL
ask() {
  PGHOST=$work/$1 PGPORT=4711 PGUSER=postgres PGDATABASE=${3:-rooms} psql -XqAtc "$2"
}

for target in t1 t2; do
  mkdir "$work/$target"
  chown 65534:65534 "$work/$target"
  (
    cd "$work/$target"
    as_nobody initdb --pgdata=data --no-locale --encoding=UTF8 --auth=trust --username=postgres --no-sync >/dev/null
    # The port is the name of a socket in a private directory.
    as_nobody pg_ctl start --wait --pgdata=data --log="$work/$target/log" \
      --options="-c listen_addresses='' -c fsync=off -k $work/$target -p 4711" >/dev/null
  )
done

mkdir "$work/state" "$work/models" "$work/run"
touch "$work/acknowledged"
cd "$work/models"
cat >infrastructure.nix <<NIX
let
  target = name: {
    properties.hostname = "host-of-" + name;
    numOfCores = 4;
    containers.postgresql-database = { postgresqlRuntimeDir = "$work/" + name; postgresqlPort = 4711; };
    containers.process = { runtimeDir = "$work/run"; settleMs = 200; };
  };
in { t1 = target "t1"; t2 = target "t2"; t3 = target "t3"; }
NIX
cat >distribution.nix <<'NIX'
{ infrastructure }: {
  rooms = [ infrastructure.t1 ]; guests = [ infrastructure.t1 ]; bills = [ infrastructure.t1 ];
  writer = [ infrastructure.t3 ];
}
NIX
cat >services.nix <<NIX
{ system, pkgs, distribution, invDistribution }:
let
  make = name: script: extra: derivation ({
    inherit name system;
    PATH = "/usr/bin:/bin";
    builder = "/bin/sh";
    args = [ "-c" script ];
  } // extra);
  small = name: {
    inherit name;
    type = "postgresql-database";
    deployState = true;
    pkg = make name ''mkdir -p \$out/postgresql-databases; cp \$table \$out/postgresql-databases/table.sql'' {
      table = builtins.toFile "table.sql" "CREATE TABLE one (text text); INSERT INTO one VALUES ('\${name}');";
    };
  };
in rec {
  rooms = {
    name = "rooms";
    type = "postgresql-database";
    deployState = true;
    pkg = make "rooms" ''mkdir -p \$out/postgresql-databases; cp \$tables \$out/postgresql-databases/tables.sql'' {
      tables = builtins.toFile "tables.sql" ''
        CREATE TABLE writes (n int NOT NULL);
        CREATE TABLE bulk (n int PRIMARY KEY, text text NOT NULL);
        INSERT INTO bulk SELECT n, md5(n::text) FROM generate_series(1, 100000) n;
      '';
    };
  };
  guests = small "guests";
  bills = small "bills";
  writer = {
    name = "writer";
    type = "process";
    dependsOn = { inherit rooms; };
    pkg = { rooms }: make "writer" ''mkdir -p \$out/bin; cp \$program \$out/bin/writer; chmod +x \$out/bin/writer'' {
      program = builtins.toFile "writer" ''
        #!/bin/sh
        # Adds a number after the other, and writes down what it was told is there.
        export PGHOST=\${rooms.target.container.postgresqlRuntimeDir} PGPORT=4711
        export PGUSER=postgres PGDATABASE=rooms LD_LIBRARY_PATH=$LD_LIBRARY_PATH
        echo \$\$ > $work/run/writer.pid
        echo \$\$ >> $work/run/starts
        n=1\$(date +%s%N | cut -c 6-14)  # a leading 0 would make it octal
        while :; do
          n=\$((n + 1))
          if $postgresql/psql -Xqc "INSERT INTO writes VALUES (\$n)"; then echo \$n >> $work/acknowledged; fi
        done
      '';
    };
  };
}
NIX

own_store=()
[ -w /nix/store ] && [ -w /nix/var/nix ] || own_store=(--own-store)
"$eris" up -i infrastructure.nix --state-dir "$work/state" "${own_store[@]}" >>"$work/up.log" 2>&1 &
up_pid=$!
until_true 60 grep -q '^ready' "$work/up.log"

acknowledged() { wc -l <"$work/acknowledged"; }
more_writes() {
  local before
  before=$(acknowledged)
  until_true 60 sh -c "[ \"\$(wc -l <'$work/acknowledged')\" -gt $((before + 20)) ]"
}

# check TARGET: every acknowledged write is there once, none is there twice, and the rest is as it was.
check() {
  sort <"$work/acknowledged" >"$work/told"
  ask "$1" "SELECT n FROM writes" | sort >"$work/there"
  [ -z "$(uniq -d "$work/there")" ] || fail "a write is there twice"
  [ -z "$(comm -23 "$work/told" "$work/there")" ] || fail "lost: $(comm -23 "$work/told" "$work/there" | head -n 3)"
  [ "$(ask "$1" "SELECT count(*), md5(string_agg(text, '' ORDER BY n)) FROM bulk")" = "$bulk" ] || fail "bulk differs"
  [ "$(ask "$1" "TABLE one" guests) $(ask "$1" "TABLE one" bills)" = "guests! bills!" ] || fail "the small ones differ"
  echo "ok: $(wc -l <"$work/told") acknowledged writes are on $1, each once"
}

# missing TARGET: what is missing there of the numbers in $work/told.
missing() {
  ask "$1" "SELECT n FROM writes" | sort >"$work/there"
  comm -23 "$work/told" "$work/there"
}
# kill_all NAME...: with SIGKILL; the supervisor starts them again.
kill_all() {
  local name pid
  for name in "$@"; do
    pid=$(cat "$work/state/run/$name.pid")
    kill -KILL "$pid"
    # The file goes with the process, and comes with the next one.
    until_true 60 sh -c "new=\$(cat '$work/state/run/$name.pid') && [ -n \"\$new\" ] && [ \"\$new\" != $pid ]"
  done
}

expect 0 "committed as generation 1" "$eris" deploy
bulk=$(ask t1 "SELECT count(*), md5(string_agg(text, '' ORDER BY n)) FROM bulk")
for name in guests bills; do ask t1 "UPDATE one SET text = text || '!'" $name; done
more_writes

# A backup while it is written to: what was acknowledged before it began is in it, and nothing went down.
restarts=$(grep -c . "$work/run/starts")
sort <"$work/acknowledged" >"$work/backed_up"
expect 0 "set [0-9]*: 3 snapshots in the depot" "$eris" snapshot --all-services
xzcat "$work"/state/planner/snapshots/default/snapshots/postgresql-database/rooms/*/dump.sql.xz |
  sed -n '/^COPY public.writes/,/^\\\./p' | grep '^[0-9]' | sort >"$work/there"
[ -z "$(comm -23 "$work/told" "$work/there")" ] || fail "the backup lacks writes"
[ "$(grep -c . "$work/run/starts")" = "$restarts" ] || fail "the writer went down"
expect 1 "of which services" "$eris" snapshot
expect 1 "no service with state is meant" "$eris" snapshot --container nowhere

to() { sed -i "s/ = \[ infrastructure.t[12] \]/ = [ infrastructure.$1 ]/g" distribution.nix; }

to t2
expect 0 "the state of rooms moves from postgresql-database on t1 to postgresql-database on t2" "$eris" plan
expect 0 "committed as generation 2" "$eris" deploy
more_writes
check t2
[ "$(ask t1 "SELECT count(*) FROM pg_database WHERE datname = 'rooms'" postgres)" = 0 ] || fail "t1 is open"

# Its restore fails: nobody on t1 has that name.
ask t2 "CREATE ROLE app; ALTER TABLE writes OWNER TO app"
to t1
expect 2 "rolled back" "$eris" deploy
more_writes
check t2
ask t1 "CREATE ROLE app" postgres

# The planner and all workers are killed while it moves.
log=$work/state/log/worker-t1.log
from=$(($(wc -l <"$log") + 1))
transaction=$("$eris" deploy --detach | tail -n 1)
until_true 60 grep -q "verb=snapshot" "$work/state/log/worker-t2.log"
kill_all worker-t2 worker-t1 planner worker-t3
for verb in transfer restore; do
  until_true 60 sh -c "tail -n +$from '$log' | grep -q verb=$verb"
  kill_all worker-t1
done
expect 0 "committed as generation 3" "$eris" watch "$transaction"
more_writes
check t1

# A backup is brought back: what it holds is there, what was written after it is not. Until then nothing is lost: not
# when the restore fails, not when planner and worker are killed on the way.
sort <"$work/acknowledged" >"$work/backed_up"
expect 0 "set [0-9]*: 3 snapshots in the depot" "$eris" snapshot --all-services
set=$(sed -n 's/^set \([0-9]*\):.*/\1/p' "$work/out")
more_writes
expect 1 "of which services" "$eris" restore
expect 0 "restore rooms in postgresql-database on t1" "$eris" restore --set "$set" --dry-run
expect 0 "the last snapshot of rooms in postgresql-database on t1 had" "$eris" restore --set "$set" --dry-run
expect 1 "another one\|not the expected one" "$eris" restore --all-services --plan 0000
ask t1 "ALTER TABLE writes OWNER TO postgres; DROP ROLE app"
expect 2 "rolled back" "$eris" restore --set "$set"
more_writes
check t1
ask t1 "CREATE ROLE app" postgres
from=$(($(wc -l <"$log") + 1))
cp "$work/acknowledged" "$work/before"
transaction=$("$eris" restore --set "$set" --detach | tail -n 1)
until_true 60 sh -c "tail -n +$from '$log' | grep -q verb=snapshot"
kill_all worker-t1 planner worker-t3
expect 0 "committed" "$eris" watch "$transaction"
cp "$work/backed_up" "$work/told"
[ -z "$(missing t1)" ] || fail "the backup was not brought back"
sort "$work/before" | comm -23 - "$work/told" >"$work/after"
[ -s "$work/after" ] && [ "$(comm -12 "$work/after" "$work/there" | wc -l)" -lt "$(wc -l <"$work/after")" ] ||
  fail "what came after the backup is still there"
: >"$work/acknowledged"
more_writes
check t1

# What a deployment has left where it was moves afterwards; nothing does so twice.
sort <"$work/acknowledged" >"$work/told"
to t2
expect 0 "committed as generation 4" "$eris" deploy --no-migration
expect 0 "becomes what it was in postgresql-database on t1" "$eris" migrate --all-services --dry-run
expect 0 "committed" "$eris" migrate --all-services
[ -z "$(missing t2)" ] || fail "what was left on t1 has not come"
: >"$work/acknowledged"
more_writes
check t2
expect 1 "has come along already" "$eris" migrate --all-services

# The old copy goes when it is told to, and old snapshots.
expect 0 "delete the state of rooms in postgresql-database on t1" "$eris" delete-state --all-services --dry-run
[ "$(ask t1 "SELECT count(*) FROM pg_database WHERE datname LIKE 'rooms%'" postgres)" = 1 ] || fail "a dry run deletes"
expect 0 "done after" "$eris" delete-state --all-services
[ "$(ask t1 "SELECT count(*) FROM pg_database WHERE datname LIKE 'rooms%'" postgres)" = 0 ] || fail "it is still there"
generations=$work/state/targets/t2/dysnomia/generations/postgresql-database/rooms
[ "$(find "$generations" -type l | wc -l)" -gt 1 ] || fail "nothing to clean"
expect 0 "freed" "$eris" clean-snapshots --target t2
[ "$(find "$generations" -type l | wc -l)" = 1 ] || fail "old snapshots are still there"
more_writes
check t2

# One after the other, only brought, filtered.
expect 0 "in the depot" "$eris" snapshot --all-services --depth-first --keep 3
expect 0 "in the depot" "$eris" snapshot --all-services --transfer-only
expect 0 "committed after .*: brought [a-z]" "$eris" restore --all-services --transfer-only
expect 0 "restore rooms in postgresql-database on t2" "$eris" restore --service rooms --target t2 --depth-first --dry-run
expect 1 "no service with state is meant" "$eris" restore --container nowhere
more_writes
check t2

# What goes leaves a last snapshot.
expect 0 "send the state of rooms to the depot" "$eris" undeploy
depot=$work/state/planner/snapshots/default/generations/postgresql-database/rooms
[ -n "$(ls "$depot")" ] || fail "there is no last snapshot"

# It is looked at, copied out and taken in elsewhere.
expect 0 "postgresql-database/rooms/" "$eris" snapshots list
expect 0 "dump.sql.xz" "$eris" snapshots show postgresql-database/rooms/
expect 0 "are what they were" "$eris" snapshots verify --all
expect 0 "is in" "$eris" snapshots export postgresql-database/rooms/ "$work/rooms.tar"
expect 0 "is the newest" "$eris" snapshots import "$work/rooms.tar" postgresql-database/copy/1 --store "$work/elsewhere"
expect 0 "1 of 1" "$eris" snapshots verify --store "$work/elsewhere"
cmp "$work/elsewhere/snapshots/postgresql-database/copy/1/dump.sql.xz" \
  "$work"/state/planner/snapshots/default/snapshots/postgresql-database/rooms/"$("$eris" snapshots list |
    sed -n 's|^postgresql-database/rooms/\([^ ]*\).*|\1|p')"/dump.sql.xz || fail "the copy differs"
echo spoilt >>"$work/elsewhere/snapshots/postgresql-database/copy/1/dump.sql.xz"
expect 1 "is not what it was" "$eris" snapshots verify --store "$work/elsewhere"
expect 0 "generations are deleted" "$eris" snapshots clean --keep 1
echo "all as promised"
