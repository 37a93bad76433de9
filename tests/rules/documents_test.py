"""Every setting that a program reads is explained: in docs/manual/configuration.md and in the example configuration
beside the program, and these name no setting that the program does not know. The table of what a model may say names
tests that exist, and every golden model; each row of docs/RECOVERY.md names a test that exists.

Usage: documents_test.py ROOT
"""

import os
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


def unit_tests(root, folders):
    """The names `Suite.Name` of the tests below these folders."""
    for folder in folders:
        for name in sorted(os.listdir(f"{root}/{folder}")):
            if name.endswith("_test.cpp"):
                for suite, test in re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", read(root, f"{folder}/{name}"), re.MULTILINE):
                    yield f"{suite}.{test}"


def table_findings(root):
    """What tests/unit/models/README.md names and is no test; golden models that it does not name."""
    table = "tests/unit/models/README.md"
    golden = {name for name in os.listdir(f"{root}/tests/unit/models/golden") if "." not in name}
    tests = set(unit_tests(root, ["tests/unit/models", "tests/unit/plan"]))
    scripts = {name for name in os.listdir(f"{root}/tests/integration") if name.endswith("_test.sh")}
    named = set()
    for row in re.findall(r"^\|.*\|([^|]*)\|$", read(root, table), re.MULTILINE):
        named.update(re.findall(r"`([^`]+)`", row))
    for name in sorted(named - golden - tests - scripts):
        yield f"{table}: there is no test {name}"
    for name in sorted(golden - named):
        yield f"{table}: does not name golden/{name}"


def recovery_tests(root):
    """What the last column of docs/RECOVERY.md may name, beside paths."""
    for folder, _, files in os.walk(f"{root}/tests"):
        for name in files:
            if name.endswith(("_test.sh", "_test.cpp")):
                yield name
            if name.endswith("_test.cpp"):
                for names in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", read(folder, name), re.MULTILINE):
                    yield from names
            if name.endswith(".py") and os.path.basename(folder) in ("crash", "hosts"):
                yield from re.findall(r"^ *def (\w+)\(", read(folder, name), re.MULTILINE)


def recovery_findings(root):
    page = "docs/RECOVERY.md"
    tests = set(recovery_tests(root))
    rows = [line for line in read(root, page).splitlines() if line.startswith("|") and not line.startswith("|---")]
    for row in rows:
        cells = row.strip("|").split("|")
        if cells[-1].strip() == "test":
            continue
        named = re.findall(r"`([^`]+)`", cells[-1])
        if not named:
            yield f"{page}: no test for: {cells[0].strip()}"
        for name in named:
            if name not in tests and not ("/" in name and os.path.exists(f"{root}/{name}")):
                yield f"{page}: there is no test {name} for: {cells[0].strip()}"


if __name__ == "__main__":
    count = 0
    for finding in [*findings(sys.argv[1]), *table_findings(sys.argv[1]), *recovery_findings(sys.argv[1])]:
        print(finding)
        count += 1
    sys.exit(1 if count else 0)
