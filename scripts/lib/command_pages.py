"""The pages of the commands (docs/manual/commands/NAME.md): prose by hand, and behind it the options as the program
tells them.

Usage: command_pages.py [--check] ERIS FOLDER

Writes the section `Options` of each page anew. --check: changes nothing, tells which pages differ, which commands have
no page and which pages no command, and fails when there are any.
"""

import os
import re
import subprocess
import sys

HEADING = "## Options\n"


def commands(program):
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^  ([a-z][a-z-]*) ", text, re.MULTILINE))


def options(program, command):
    arguments = [program, "man", "--options", command]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def main(program, folder, is_check):
    pages = {name[: -len(".md")] for name in os.listdir(folder) if name.endswith(".md")}
    known = commands(program)
    wrong = [f"{name}: no page" for name in known - pages] + [f"{name}: no such command" for name in pages - known]
    for name in sorted(pages & known):
        path = os.path.join(folder, name + ".md")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        prose, heading, _ = text.partition(HEADING)
        if not heading or len(prose.split()) < 10:
            wrong.append(f"{name}: no prose before its options")
            continue
        wanted = prose + options(program, name)
        if wanted == text:
            continue
        if is_check:
            wrong.append(f"{name}: its options are others")
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
    for line in sorted(wrong):
        print(line)
    if wrong:
        sys.exit("mend docs/manual/commands; scripts/lib/command_pages.py writes the options")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--check"]
    if len(words) != 2:
        sys.exit(__doc__.strip())
    main(*words, "--check" in sys.argv[1:])
