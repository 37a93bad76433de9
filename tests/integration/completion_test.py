"""Goal: completions complete, in the shells that they are for; manual pages are pages.
Method: bash and zsh run on a terminal, with a person's keys; fish is asked by its own `complete -C`; man renders.

usage: completion_test.py DIRECTORY-OF-PROGRAMS REPOSITORY
"""

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

CASES = [  # what is typed before the tab, and what stands there then
    ("eris visu", "eris visualize"),
    ("eris deploy --dry", "eris deploy --dry-run"),
    ("eris deploy --until swi", "eris deploy --until switch"),
    ("eris generations del", "eris generations delete"),
    ("eris capture-inf", "eris capture-infra"),
    ("eris deploy -s serv", "eris deploy -s services.nix"),
]


class Terminal:
    """A shell on a pseudo-terminal."""

    def __init__(self, argv, folder, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, environment)

    def read_until(self, text, seconds=60):
        seen, end = "", time.monotonic() + seconds
        while text not in seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                sys.exit(f"FAILED: no {text!r} within {seconds} s, but {seen[-500:]!r}")
            seen += os.read(self.fd, 65536).decode("utf-8", "replace")
        return seen

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def on_terminal(name, argv, setup, folder, environment):
    shell = Terminal(argv, folder, environment)
    shell.type(setup + "; printf 'rea%s\\n' dy\n")
    shell.read_until("ready")
    for typed, wanted in CASES:
        shell.type(typed + "\t")
        shell.read_until(wanted)
        shell.type("\x15")  # the line away
        print(f"ok: {name}: {typed} -> {wanted}")
    shell.type("exit\n")
    shell.close()


def fish(folder, environment):
    for typed, wanted in CASES:
        script = f"source completion.fish; complete -C '{typed}'"
        offered = subprocess.run(["fish", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
        words = [line.split("\t")[0] for line in offered.stdout.splitlines()]
        if wanted.split()[-1] not in words:
            sys.exit(f"FAILED: fish offers {words} for {typed!r}: {offered.stderr}")
        print(f"ok: fish: {typed} -> {wanted}")


def manual_pages(program, root, folder):
    pages = os.path.join(root, "scripts/lib/manual_pages.py")
    check = os.path.join(root, "scripts/lib/command_pages.py")
    manual = os.path.join(root, "docs/manual")
    subprocess.run([sys.executable, check, "--check", program, os.path.join(manual, "commands")], check=True)
    share = os.path.join(folder, "share")
    subprocess.run([sys.executable, pages, program, manual, share], check=True)
    for path, text in (("man1/eris-deploy.1", "--until"), ("man1/eris-capture-infra.1", "--allow-missing"),
                       ("man7/eris-tools.7", "lost journal"), ("man1/eris.1", "reconstruct")):
        page = os.path.join(share, "man", path)
        if shutil.which("man"):
            command = ["man", "--warnings", "-l", page]
            shown = subprocess.run(command, env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"},
                                   capture_output=True, text=True, check=True)
            if shown.stderr.strip():
                sys.exit(f"FAILED: {path}: {shown.stderr}")
            shown = shown.stdout
        else:
            with open(page, encoding="utf-8") as file:
                shown = file.read().replace("\\-", "-")
        if text.lower() not in shown.lower():
            sys.exit(f"FAILED: {path} says nothing of {text}")
    print("ok: manual pages")


def main(programs, root):
    program = os.path.join(programs, "eris")
    with tempfile.TemporaryDirectory(prefix="eris-completion-") as folder:
        manual_pages(program, root, folder)
        for shell in ("bash", "zsh", "fish"):
            with open(os.path.join(folder, "completion." + shell), "w", encoding="utf-8") as file:
                subprocess.run([program, "completion", shell], stdout=file, check=True)
        open(os.path.join(folder, "services.nix"), "w", encoding="utf-8").close()
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "PS1": "> ", "INPUTRC": "/dev/null"}
        on_terminal("bash", ["bash", "--norc", "--noprofile", "-i"], "source ./completion.bash", folder, environment)
        if shutil.which("zsh"):
            setup = "autoload -Uz compinit; compinit -u -D; source ./completion.zsh"
            on_terminal("zsh", ["zsh", "-f", "-i"], setup, folder, environment)
        else:
            print("skipped: zsh is not installed (scripts/setup)")
        if shutil.which("fish"):
            fish(folder, environment)
        else:
            print("skipped: fish is not installed (scripts/setup)")
    print("all as promised")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
