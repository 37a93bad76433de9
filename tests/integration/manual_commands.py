"""The commands of the manual as a shell script, with what their output has to say.

usage: manual_commands.py tutorial PAGE    files and commands of a tutorial, in order
       manual_commands.py table PAGE [TEST]    the commands of Eris in the table `Commands` of a page, one a line: those of
                                               rows that name TEST, (`NAME_test.sh`); without TEST: that name none

In a tutorial a block of Nix whose first line is `# NAME.nix` is that file; a block of `sh` is typed; one that begins
with `# in a terminal of its own` goes on beside the others. `command  # … TEXT … TEXT …` has to print the texts.
"""

import os
import re
import shlex
import sys


def commands(block):
    """(command, texts) of each line."""
    for line in block.splitlines():
        command, _, comment = line.partition("  # …")
        texts = [text.strip() for text in comment.split("…") if text.strip()]
        if command.strip():
            yield command.strip(), texts


def tutorial(page):
    files, beside, typed = 0, 0, 0
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        name = re.match(r"# (\w[\w.-]*\.nix)\n", block)
        if kind == "nix" and name:
            files += 1
            yield "cat > %s <<'END OF THE BLOCK'\n%sEND OF THE BLOCK" % (shlex.quote(name.group(1)), block)
        elif kind == "sh" and block.startswith("# in a terminal of its own\n"):
            beside += 1
            yield "beside %s" % shlex.quote(block.partition("\n")[2].strip())
        elif kind == "sh":
            for command, texts in commands(block):
                typed += 1
                yield "typed %s %s" % (shlex.quote(command), " ".join(map(shlex.quote, texts)))
        else:
            sys.exit("a block that is neither a file nor typed:\n" + block)
    if not (files and beside and typed):
        sys.exit("the page has %d files, %d terminals, %d commands" % (files, beside, typed))


def table(page, test=None):
    found = []
    section = re.search(r"^## Commands$(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    for line in (section.group(1) if section else "").splitlines():
        if not line.startswith("|"):
            continue
        commands_of_row = re.findall(r"`(eris [^`]*)`", line.split("|")[2])
        other = re.search(r"\(`(\w+_test\.sh)`\)", line)
        if (other and other.group(1)) == test:
            found += commands_of_row
        elif other:
            typed_elsewhere(commands_of_row, other.group(1))
    if not found:
        sys.exit("the page has no commands in its tables")
    yield from found


def typed_elsewhere(row, test):
    """What another test types cannot be missing there: each word of a command that stands for nothing else."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), test), encoding="utf-8") as script:
        text = script.read()
    if "manual_commands.py" in text:
        return  # it reads its rows itself
    for command in row:
        for word in command.split()[1:]:
            if not word.isupper() and word not in text:
                sys.exit("%s does not type `%s`: there is no %s" % (test, command, word))


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in {"tutorial": tutorial, "table": table}[sys.argv[1]](file.read(), *sys.argv[3:]):
            print(line)
