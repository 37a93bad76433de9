"""The rules of this repository that no compiler knows: layers of includes, homes of third-party
libraries, size budgets, banned words and calls, the shape of the tree.

Usage: repository_rules.py ROOT        prints one line a finding; exit status 1 when there is one.

Needs nothing but Debian's python3-minimal. A rule is a function from a File to messages; add one to
RULES and an example of its failure to tests/rules/rules_self_test.py.
"""

import os
import re
import sys

TOP_LEVEL = {
    "CMakeLists.txt", "README.md", "LICENSE", "schema", "planner", "worker", "broker", "dysnomia",
    "state", "tests", "scripts", "docs", "examples",
}
SOURCE_FOLDERS = ("schema", "state", "dysnomia", "broker", "worker", "planner", "tests")
UNTRACKED = {".git", "build", "result"}

# Who may include what: the longest matching folder decides; a folder may always use itself. This is the
# table of docs/ARCHITECTURE.md.
LAYERS = {
    "schema/base": [],
    "schema": ["schema"],
    "schema/values": ["schema/base"],
    "state": ["schema"],
    "state/snapshots": ["schema/base", "schema/values"],
    "dysnomia": ["schema/base", "schema/values", "state/snapshots"],
    "planner/models": ["schema"],
    "planner/plan": ["schema"],
    "broker/link": ["schema"],
    "broker/bulk": ["schema", "state", "broker/link"],
    "broker": ["schema", "state"],
    "worker": ["schema", "state", "dysnomia", "broker/link", "broker/bulk"],
    "planner": ["schema", "state", "broker/link", "broker/bulk"],
    "tests": list(SOURCE_FOLDERS),
}
# Wiring: a main may use everything.
MAIN = re.compile(r"(^|/)(main|[a-z_]*_main)\.cpp$")

# Each third-party library has one home, and the heavy ones are never in a public header.
HOMES = [
    (r"sqlite3\.h", ["state"]),
    (r"zmq\.(h|hpp)|zmq_addon\.hpp", ["broker/link"]),
    (r"(capnp|kj)/.*|.*\.capnp\.h", ["schema"]),
    (r"spdlog/.*", ["schema/base/spdlog_log.cpp"]),
    (r"sodium.*", ["schema/base/digest.cpp", "state", "broker/link"]),
    (r"zstd\.h", ["broker/bulk"]),
    (r"pugixml\.hpp", ["planner/models"]),
    (r"CLI/.*", ["planner", "broker", "worker", "dysnomia"]),
]
HEAVY = re.compile(r"(pugixml\.hpp|sqlite3\.h|zmq.*|capnp/.*|kj/.*|.*\.capnp\.h|spdlog/.*|CLI/.*|nlohmann/json\.hpp|toml\+\+/.*|rapidcheck.*)$")

HEADER_LINES, SOURCE_LINES, TEST_LINES, MAIN_LINES = 250, 600, 800, 150

BANNED_CODE = [
    (r"\bsleep_(for|until)\b|\busleep\s*\(|\bnanosleep\s*\(", "waiting by sleeping"),
    (r"(?<![\w.>])(::|std::)?system\s*\(", "system(): a shell; use Spawn or RunCommand"),
    (r"\bpopen\s*\(", "popen(): a shell; use RunCommand"),
    (r"\b(std::)?s?rand\s*\(\s*\)|\bstd::s?rand\b", "rand(); use Random"),
    (r"(?<![\w.>])(std::)?time\s*\(\s*(nullptr|NULL|0)\s*\)", "time(); use Clock"),
    (r"\bDISABLED_", "a disabled test"),
    (r"\bGTEST_SKIP\s*\(\s*\)\s*;", "GTEST_SKIP() without a reason"),
    (r"\busing\s+namespace\s+std\s*;", "using namespace std"),
    (r"\bthrow\b(?!\s*\()", "throw: failures are values (schema/base/error.h)"),
]
BANNED_TEXT = [
    (r"\b(FIXME|XXX|HACK)\b", "an unfinished thought"),
    (r"\bnot implemented yet\b", "unfinished work"),
    (r"(^|[\s\"'(=])/work/", "a path of one developer's machine"),
]
CLOCK = re.compile(r"\b(steady_clock|system_clock|high_resolution_clock)::now\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


class File:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as stream:
            self.lines = stream.read().split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()

    def is_header(self):
        return self.path.endswith(".h")

    def is_source(self):
        return self.path.endswith((".h", ".cpp"))

    def is_test(self):
        return self.path.startswith("tests/")

    def is_main(self):
        return bool(MAIN.search(self.path)) and not self.is_test()

    def includes(self):
        """(line number, quote or angle, what)"""
        for number, line in enumerate(self.lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)

    def code(self):
        """(line number, line without comment and text literals)"""
        for number, line in enumerate(self.lines, 1):
            yield number, re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', line))


def below(path, folder):
    return path == folder or path.startswith(folder + "/")


def layer_of(path):
    return max((f for f in LAYERS if below(path, f)), key=len, default=None)


def check_layers(file):
    layer = layer_of(file.path)
    if not file.is_source() or layer is None or file.is_main():
        return
    for number, kind, what in file.includes():
        if kind == '"' and what.endswith(".capnp.h"):
            continue  # generated; check_homes says who may use it
        if kind != '"' or layer_of(what) is None:
            if kind == '"':
                yield number, f'include "{what}" from the root of the repository'
            continue
        allowed = [layer] + LAYERS[layer]
        if layer_of(what) != layer and not any(below(what, a) for a in allowed):
            yield number, f"{layer} may not use {what} (may: {', '.join(LAYERS[layer]) or 'nothing'})"


def check_internal(file):
    for number, kind, what in file.includes():
        owner, internal, _ = what.partition("/internal/")
        if kind == '"' and internal and not file.is_test() and not below(file.path, owner):
            yield number, f"{what} is private to {owner}"


def check_homes(file):
    if not file.is_source() or file.is_test():
        return
    for number, _, what in file.includes():
        for pattern, homes in HOMES:
            if re.fullmatch(pattern, what) and not any(below(file.path, h) for h in homes):
                yield number, f"<{what}> is included in {', '.join(homes)} only"
        if file.is_header() and "/internal/" not in file.path and HEAVY.match(what):
            yield number, f"<{what}> does not belong into a public header"


def check_size(file):
    if not file.is_source():
        return
    if file.is_main():
        limit = MAIN_LINES
    elif file.is_test():
        limit = TEST_LINES
    else:
        limit = HEADER_LINES if file.is_header() else SOURCE_LINES
    if len(file.lines) > limit:
        yield len(file.lines), f"{len(file.lines)} lines, the limit is {limit}: split it"


def check_banned(file):
    if file.is_source():
        for number, line in file.code():
            for pattern, why in BANNED_CODE:
                if re.search(pattern, line):
                    yield number, f"banned: {why}"
            if CLOCK.search(line) and file.path != "schema/base/clock.cpp" and not file.is_test():
                yield number, "banned: reading a clock; take Now or a Clock"
    if file.path.endswith("repository_rules.py") or below(file.path, "tests/rules"):
        return  # these name the words
    for number, line in enumerate(file.lines, 1):
        for pattern, why in BANNED_TEXT:
            if re.search(pattern, line):
                yield number, f"banned: {why}"


def check_opening(file):
    if not file.is_source() or not file.lines:
        return
    if file.is_header() or file.path.endswith("_test.cpp"):
        if not file.lines[0].startswith("//"):
            yield 1, "opens without a comment that says what it is for"
    if file.is_header() and "#pragma once" not in file.lines:
        yield 1, "lacks #pragma once"


RULES = [check_layers, check_internal, check_homes, check_size, check_banned, check_opening]


def check_top_level(root):
    for name in sorted(os.listdir(root)):
        if name not in TOP_LEVEL and name not in UNTRACKED and not name.startswith("."):
            yield f"{name}: does not belong to the top level"


def files_of(root):
    for top in sorted(TOP_LEVEL | {".ci"}):
        path = os.path.join(root, top)
        if os.path.isfile(path) and top != "LICENSE":
            yield top
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if f not in UNTRACKED)
            for name in sorted(names):
                if name.endswith((".h", ".cpp", ".py", ".txt", ".cmake", ".md", ".nix", ".capnp",
                                  ".sql")) or "." not in name:
                    yield os.path.relpath(os.path.join(folder, name), root)


def findings(root):
    yield from check_top_level(root)
    for path in files_of(root):
        file = File(root, path)
        for rule in RULES:
            for number, message in rule(file):
                yield f"{path}:{number}: {message}"


def main(arguments):
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    count = 0
    for finding in findings(arguments[0]):
        print(finding)
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
