"""Manual pages and completions, as they are installed below share/.

Usage: manual_pages.py ERIS MANUAL FOLDER

ERIS is the program: it prints eris(1) and the completions of three shells. Each page MANUAL/NAME.md becomes
eris-NAME(7), each page MANUAL/commands/NAME.md eris-NAME(1).
"""

import os
import re
import subprocess
import sys


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def inline(text):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"(`[^`]*`|\*\*[^*]*\*\*)", text)
    out = ""
    for part in parts:
        if part[:1] == "`" and part[-1:] == "`" and len(part) > 1:
            out += "\\fB" + escaped(part[1:-1]) + "\\fR"
        elif part[:2] == "**" and len(part) > 4:
            out += "\\fB" + escaped(part[2:-2]) + "\\fR"
        else:
            out += escaped(part) if out == "" else part.replace("\\", "\\e").replace("-", "\\-")
    return out


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def page(name, section, text):
    """The page as roff of man(7): headings, paragraphs, lists, blocks and tables are all there is."""
    title = "eris-" + name
    yield '.TH "%s" %d "" "Eris" "Eris"' % (title.upper().replace("-", "\\-"), section)
    yield ".SH NAME"
    is_block, is_named = False, False
    for line in text.splitlines():
        if line.startswith("```"):
            is_block = not is_block
            yield ".RS 4\n.nf" if is_block else ".fi\n.RE"
        elif is_block:
            yield escaped(line)
        elif line.startswith("# ") and not is_named:
            is_named = True
            yield escaped(title) + " \\- " + inline(line[2:].removeprefix(name + ": "))
            yield ".SH DESCRIPTION"
        elif line.startswith("## "):
            yield ".SH " + inline(line[3:])
        elif line.startswith("#"):
            yield ".SS " + inline(line.lstrip("# "))
        elif re.fullmatch(r"[|\s:-]+", line) and "-" in line:
            continue
        elif line.startswith("|"):
            first, *others = cells(line)
            yield ".TP\n" + (inline(first) or "\\&")
            yield inline("; ".join(others)) or "\\&"
        elif re.match(r"\s*([-*]|\d+\.) ", line):
            yield ".IP \\(bu 2\n" + inline(re.sub(r"^\s*([-*]|\d+\.) ", "", line))
        elif not line.strip():
            yield ".PP"
        else:
            yield inline(line.strip())


def write(folder, path, text):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(program, manual, folder):
    def printed(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout

    write(folder, "man/man1/eris.1", printed("man"))
    write(folder, "bash-completion/completions/eris", printed("completion", "bash"))
    write(folder, "zsh/vendor-completions/_eris", printed("completion", "zsh"))
    write(folder, "fish/vendor_completions.d/eris.fish", printed("completion", "fish"))
    for below, section in (("", 7), ("commands", 1)):
        for file_name in sorted(os.listdir(os.path.join(manual, below))):
            name, extension = os.path.splitext(file_name)
            if extension != ".md":
                continue
            with open(os.path.join(manual, below, file_name), encoding="utf-8") as file:
                text = "\n".join(page(name, section, file.read())) + "\n"
            write(folder, f"man/man{section}/eris-{name}.{section}", text)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
