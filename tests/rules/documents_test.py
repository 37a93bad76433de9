"""Every setting that a program reads is explained: in docs/manual/configuration.md and in the example configuration
beside the program, and these name no setting that the program does not know.

Usage: documents_test.py ROOT
"""

import re
import sys

PROGRAMS = {
    "broker": ("broker/config.cpp", "broker/broker.toml"),
    "planner": ("planner/config.cpp", "planner/planner.toml"),
    "worker": ("worker/config.cpp", "worker/worker.toml"),
    "client": ("planner/cli/client_config.cpp", "planner/client.toml"),
}


def read(root, path):
    with open(f"{root}/{path}", encoding="utf-8") as file:
        return file.read()


def known(source):
    """The names in `kKnown = {…};`."""
    found = re.search(r"\bkKnown = \{(.*?)\};", source, re.DOTALL)
    return set(re.findall(r'"([a-z_.]+)"', found.group(1))) if found else set()


def findings(root):
    manual = read(root, "docs/manual/configuration.md")
    for program, (source, example) in PROGRAMS.items():
        settings = known(read(root, source))
        if not settings:
            yield f"{source}: no kKnown with settings"
        shown = set(re.findall(r"^(?:# )?([a-z_]+(?:\.[a-z_]+)?) = ", read(root, example), re.MULTILINE))
        for name in sorted(settings - shown):
            yield f"{example}: does not explain {name}"
        for name in sorted(shown - settings):
            yield f"{example}: {name} is no setting of the {program}"
        section = re.search(rf"^## {program}\.toml.*?(?=^## |\Z)", manual, re.DOTALL | re.MULTILINE)
        text = section.group(0) if section else ""
        for name in sorted(settings):
            stored = name.startswith("store.") and ("store.*" in text or "store.dir" in text)
            if f"`{name}`" not in text and not stored:
                yield f"docs/manual/configuration.md: {program}.toml: does not explain {name}"


if __name__ == "__main__":
    count = 0
    for finding in findings(sys.argv[1]):
        print(finding)
        count += 1
    sys.exit(1 if count else 0)
