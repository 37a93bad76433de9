#!/usr/bin/env bash
# usage: tools_test.sh DIRECTORY-OF-PROGRAMS
#
# Goal: the jobs of Disnix' smaller tools: texts and pictures of models, comparisons, shapes of a query, garbage
# collection, generations, the command line of disnix-env, completions.
# Method: one site with a store of its own; what is printed as Nix is evaluated again, what is printed for a shell is
# run by it; a dry run is held against every file and call before and after.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir "$state"
cd "$work"
make_models
make_puppet
own_store=(--own-store)

# evaluated FILE: a Nix text as sorted JSON. as_json FILE: JSON, sorted.
as_json() { python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1])), sort_keys=True))' "$1"; }
evaluated() { nix-instantiate --eval --strict --json "$1" >"$1.json" && as_json "$1.json"; }

# ---- models, with nobody there ----
"$eris" distribution -s services.nix -i infrastructure.nix >turns.nix
grep -q '"api" = \[ infrastructure."test1" \];' turns.nix || fail "no round robin: $(cat turns.nix)"
expect 0 "data" "$eris" manifest -s services.nix -i infrastructure.nix -d turns.nix
expect 0 '"test3"' "$eris" distribution --json
echo '{ }' >empty.nix
expect 1 "no targets" "$eris" distribution -i empty.nix
expect 1 "there is no nowhere.nix" "$eris" distribution -i nowhere.nix

echo '{ "a b" = { properties.hostname = "x$y"; properties.list = [ (-1) 1.5 true null ]; }; }' >odd.nix
"$eris" normalize -i odd.nix >normal.nix
"$eris" normalize -i odd.nix --json >normal.json
[ "$(evaluated normal.nix)" = "$(as_json normal.json)" ] || fail "the Nix text says something else: $(cat normal.nix)"
grep -q 'numOfCores = 1;' normal.nix || fail "without defaults: $(cat normal.nix)"

expect 0 "^digraph" "$eris" visualize "${models[@]}"
grep -q 'label="api"' out || fail "no service in the picture"
expect 0 "<svg" "$eris" visualize "${models[@]}" --format svg
"$eris" manifest "${models[@]}" --json >deployment.json
expect 1 "install graphviz" env PATH=/nonexistent "$eris" visualize -D deployment.json --format png

# ---- the program about itself ----
"$eris" completion bash >completion.bash
complete_line() { # WORDS...: what bash offers for the last of them
  bash -c 'source ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _eris; printf "%s\n" "${COMPREPLY[@]}"' \
    bash "$@"
}
complete_line eris visu | grep -qx visualize || fail "no completion of a command"
complete_line eris deploy --dry | grep -qx -- --dry-run || fail "no completion of an option"
complete_line eris key au | grep -qx authorize || fail "no completion below a command"
complete_line eris visualize --format s | grep -qx svg || fail "no completion of a value"
complete_line eris deploy -s serv | grep -qx services.nix || fail "no completion of a file"
expect 0 "#compdef eris" "$eris" completion zsh
expect 0 "__fish_seen_subcommand_from visualize" "$eris" completion fish
expect 0 "^.TH ERIS 1" "$eris" man
sed 's/\\-/-/g' out >page
"$eris" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' >commands
[ "$(wc -l <commands)" -ge 25 ] || fail "too few commands: $(cat commands)"
while read -r command; do
  grep -qx ".SS eris $command" page || fail "the manual page lacks $command"
done <commands

# ---- a dry run changes nothing ----
start_up
contents() {
  find "$state" "$work/modules" -type f ! -path '*/log/*' ! -path '*/store/*' ! -path '*/nix/*' ! -name '*-shm' \
    -exec sha256sum {} + | sort -k 2
  for name in broker planner builder worker-test1 worker-test2 worker-test3; do pid_of $name; done
}
contents >before
expect 0 "^plan [0-9a-f]" "$eris" deploy --dry-run "${models[@]}"
contents >after
diff before after || fail "a dry run changed something"
expect 0 "no generations" "$eris" generations
expect 1 "+ service api on test2 in puppet" "$eris" compare "${models[@]}"

# ---- what is deployed ----
expect 0 "committed as generation 1" deploy
expect 0 "nothing differs" "$eris" compare "${models[@]}"
expect 1 "~ service api on test2 in puppet: package" "$eris" compare "${models[@]}" "$(version 2)"
expect 2 "no-such" "$eris" compare -s no-such.nix
expect 0 '"kind": "changed"' bash -c '"$@" || [ $? = 1 ]' bash "$eris" compare "${models[@]}" "$(version 2)" --json
expect 0 "nothing differs" "$eris" query --drift
expect 0 "^/.*-api$" "$eris" query test2 --format services
expect 0 "^Container: puppet" "$eris" query -f containers
expect 0 '"verdict": "succeeded"' "$eris" query -f json
"$eris" query -f nix >answers.nix 2>/dev/null
evaluated answers.nix | grep -q '"name": "web"' || fail "no Nix expression: $(cat answers.nix)"
expect 0 'subgraph "cluster_test2:puppet"' "$eris" visualize
expect 0 "fillcolor=palegreen" "$eris" visualize --status --no-containers
expect 1 "" "$eris" visualize --generation 77

# ---- generations, and the command line of disnix-env ----
expect 0 "committed as generation 2" deploy "$(version 2)"
expect 0 "~ service api" bash -c '"$@" || [ $? = 1 ]' bash "$eris" compare "${models[@]}" "$(version 2)" --generation 1
expect 0 "committed as generation 3" "$eris" generations switch 1
expect 0 "current" "$eris" generations list
expect_active api "api 1"
expect 0 "no-lock is ignored" "$eris" env "${models[@]}" --no-lock --extra-params '{ version = "2"; }' -m 2
expect_active api "api 2"
expect 0 "committed as generation 5" "$eris" env --rollback
expect 0 "committed as generation 6" "$eris" env --switch-to-generation=2
expect 0 "current" "$eris" env --list-generations -p default
expect 0 "^eris [0-9]" "$eris" env --version

# ---- garbage ----
expect 0 "^in all: .* freed" "$eris" collect-garbage
expect 0 "test1: .* freed" "$eris" collect-garbage --delete-old
expect 0 '"freedBytes"' "$eris" collect-garbage test1 --json
expect 0 "committed as generation 7" "$eris" rollback
expect_active api "api 1"
expect 0 "3 deactivated" "$eris" env --undeploy -i infrastructure.nix
echo "all as promised"
