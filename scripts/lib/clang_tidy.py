"""Runs clang-tidy 14 on the sources of a configured build folder, as many at once as there are processors.

Usage: clang_tidy.py BUILD-FOLDER [SOURCE...]

Without sources: on all of them, in the batches in which the build compiles them: a batch costs little more than
one source. With sources: on these, each alone. Prints what is found; the exit status is 1 when there is anything.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys

TOOL = ["clang-tidy-14", "--quiet", "--extra-arg=-Wno-unknown-warning-option"]
# A batch includes its sources: they count as headers there, and including a source is no mistake.
IN_BATCHES = ["--header-filter=/(schema|state|dysnomia|broker|worker|planner|tests)/.*\\.(h|cpp)$",
              "--checks=-bugprone-suspicious-include"]
INCLUDE = re.compile(r'^#include "(.*)"$', re.M)


# What only g++ understands.
OF_GCC = re.compile(r" (-include \S*cmake_pch\S*|-Winvalid-pch|--param=\S+|-Wno-restrict|-Wno-maybe-uninitialized)(?= )")


def is_batch(entry):
    return "/Unity/unity_" in entry["file"]


def sources_of(batch):
    with open(batch["file"]) as file:
        return INCLUDE.findall(file.read())


def alone(entries):
    """The compile commands with each batch replaced by its sources."""
    for entry in entries:
        if not is_batch(entry):
            yield entry
            continue
        for source in sources_of(entry):
            yield {**entry, "file": source, "command": entry["command"].replace(entry["file"], source)}


def check(argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if not re.match(r"\d+ warnings? (generated|treated)", line)]
    return done.returncode, "\n".join(lines)


def main():
    folder, wanted = sys.argv[1], [os.path.realpath(source) for source in sys.argv[2:]]
    with open(os.path.join(folder, "compile_commands.json")) as file:
        entries = [entry for entry in json.load(file) if not entry["file"].startswith(os.path.join(folder, "wire"))]
    entries = [entry for entry in entries if "eris_wire.dir" not in entry["file"]]
    entries = [{**entry, "command": OF_GCC.sub("", entry["command"])} for entry in entries]
    database, options = os.path.join(folder, "lint"), IN_BATCHES
    if wanted:
        options = []
        entries = list(alone(entries))
    os.makedirs(database, exist_ok=True)
    with open(os.path.join(database, "compile_commands.json"), "w") as file:
        json.dump(entries, file)
    if wanted:
        entries = [entry for entry in entries if entry["file"] in wanted]
    files = sorted({entry["file"] for entry in entries})
    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = pool.map(lambda file: check([*TOOL, *options, "-p", database, file]), files)
        for status, text in checks:
            if status != 0:
                failed = True
                print(text, flush=True)
    print("clang-tidy: %d %s" % (len(files), "sources" if wanted else "batches"), file=sys.stderr)
    sys.exit(failed)


main()
