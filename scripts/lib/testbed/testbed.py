"""The command line of scripts/testbed; the shell script of that name holds the help text."""

import argparse
import os
import shutil
import sys

from hosts import Failed, Refused, Testbed, probe

SKIPPED = 77  # the exit status that test drivers know as "skipped"


def parser():
    words = argparse.ArgumentParser(prog="scripts/testbed", add_help=False)
    words.add_argument("--dir", default=os.environ.get("ERIS_TESTBED_DIR", "/tmp/eris-testbed"))
    verbs = words.add_subparsers(dest="verb", required=True)

    def add(name, *positionals):
        verb = verbs.add_parser(name, add_help=False)
        for positional in positionals:
            verb.add_argument(positional)
        return verb

    add("probe")
    for name in ("up", "add"):
        verb = add(name)
        if name == "up":
            verb.add_argument("count", type=int)
        verb.add_argument("--disk", default="2G")
        verb.add_argument("--shared-store", action="store_true")
    add("down")
    add("list")
    add("exec", "host").add_argument("command", nargs=argparse.REMAINDER)
    add("copy", "source", "host", "target")
    for name in ("boot", "power-cut", "fast"):
        add(name, "host")
    add("link", "host").add_argument("state", choices=["up", "down"])
    add("block", "source", "sink")
    add("unblock")
    add("address", "host", "address")
    slow = add("slow", "host")
    slow.add_argument("--delay-ms", type=int, default=200)
    slow.add_argument("--loss-percent", type=float, default=5)
    return words


def copy(testbed, source, host, target):
    """A file or folder of this machine into a host, by way of its disk."""
    inside = testbed.path(host, "disk", "root-home", ".copied")
    os.makedirs(inside, exist_ok=True)
    staged = os.path.join(inside, os.path.basename(os.path.abspath(source)))
    if os.path.isdir(source):
        shutil.copytree(source, staged, dirs_exist_ok=True)
    else:
        shutil.copy(source, staged)
    name = os.path.basename(staged)
    target += name if target.endswith("/") else ""
    if testbed.execute(host, ["sh", "-c", 'mkdir -p "$(dirname "$2")" && rm -rf "$2" && mv ".copied/$1" "$2"',
                              "sh", name, target]) != 0:
        raise Failed(f"cannot copy {source} to {host}:{target}")


def execute(testbed, options):
    command = [c for c in options.command if c != "--"] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Failed("exec: which command?")
    words = testbed.enter(options.host) + command
    os.execvp(words[0], words)


def print_hosts(testbed):
    for host in testbed.names():
        state = "running" if testbed.running(host) else "off"
        print(f"{host}\t{testbed.address(host)}\t{state}")


def act(options):
    testbed = Testbed(options.dir)
    verb = options.verb
    if verb == "probe":
        probe()
    elif verb == "up":
        testbed.up(options.count, options.disk, options.shared_store)
        print_hosts(testbed)
    elif verb == "add":
        print(testbed.add(options.disk, options.shared_store))
    elif verb == "list":
        print_hosts(testbed)
    elif verb == "exec":
        execute(testbed, options)
    elif verb == "copy":
        copy(testbed, options.source, options.host, options.target)
    elif verb == "link":
        testbed.link(options.host, options.state)
    elif verb == "block":
        testbed.block(options.source, options.sink)
    elif verb == "address":
        testbed.set_address(options.host, options.address)
    elif verb == "slow":
        print("by " + testbed.slow(options.host, options.delay_ms, options.loss_percent))
    elif verb in ("boot", "power-cut", "fast"):
        getattr(testbed, verb.replace("-", "_"))(options.host)
    else:  # down, unblock
        getattr(testbed, verb)()


def main(arguments):
    try:
        act(parser().parse_args(arguments))
    except Refused as reason:
        print(f"testbed: no test hosts here: {reason}", file=sys.stderr)
        return 1 if os.environ.get("ERIS_REQUIRE_TESTBED") == "1" else SKIPPED
    except Failed as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
