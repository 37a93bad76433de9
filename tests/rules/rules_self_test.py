"""Goal: every rule of the repository can fail, and fails for nothing else. Method: a tree of small
files, each with what must be found in it (or nothing).

Usage: rules_self_test.py FOLDER_OF_THE_RULES EMPTY_FOLDER_TO_WRITE
"""

import os
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import repository_rules  # noqa: E402

HEADER = "// A header.\n#pragma once\n"

# path, content, the text that the one finding must contain (None: no finding)
SAMPLES = [
    ("schema/base/good.h", HEADER + "#include <vector>\n", None),
    ("planner/good.cpp", '#include "state/journal.h"\n#include "broker/link/client.h"\n', None),
    ("planner/main.cpp", '#include "worker/agent.h"\n', None),
    ("planner/text.cpp", 'auto s = "system(1)";  // never throw or system(2)\n', None),
    ("planner/call.cpp", "int f() { return clock_.time(0) + file_system(1) + a.system(2); }\n", None),
    ("state/db.cpp", "#include <sqlite3.h>\n", None),
    ("tests/unit/a_test.cpp", '// Goal.\n#include "broker/internal/a.h"\n', None),
    ("schema/base/up.cpp", '#include "schema/values/ids.h"\n', "schema/base may not use"),
    ("planner/plan/a.cpp", '#include "state/journal.h"\n', "planner/plan may not use"),
    ("broker/link/a.cpp", '#include "state/spool.h"\n', "broker/link may not use"),
    ("dysnomia/a.cpp", '#include "state/journal.h"\n', "dysnomia may not use"),
    ("dysnomia/b.cpp", '#include "state/snapshots/store.h"\n', None),
    ("worker/a.cpp", '#include "broker/router.h"\n', "worker may not use"),
    ("worker/b.cpp", '#include "agent.h"\n', "from the root"),
    ("planner/c.cpp", '#include "state/internal/a.h"\n', "is private to state"),
    ("planner/d.cpp", "#include <sqlite3.h>\n", "is included in state only"),
    ("planner/e.h", HEADER + "#include <nlohmann/json.hpp>\n", "public header"),
    ("planner/f.h", HEADER + "int a;\n" * 250, "split it"),
    ("planner/g.cpp", "int a;\n" * 601, "split it"),
    ("tests/unit/h_test.cpp", "// Goal.\n" + "int a;\n" * 800, "split it"),
    ("broker/main.cpp", "int a;\n" * 151, "split it"),
    ("planner/i.cpp", "void f() { std::this_thread::sleep_for(1); }\n", "sleeping"),
    ("planner/j.cpp", 'void f() { std::system("ls"); }\n', "shell"),
    ("planner/k.cpp", "int f() { return std::rand(); }\n", "Random"),
    ("planner/l.cpp", "auto f() { return time(nullptr); }\n", "Clock"),
    ("planner/m.cpp", "auto f() { return std::chrono::steady_clock::now(); }\n", "clock"),
    ("planner/n.cpp", "void f() { throw 1; }\n", "failures are values"),
    ("planner/o.cpp", "// FIXME later\n", "unfinished"),
    ("tests/unit/p_test.cpp", "// Goal.\nTEST(A, DISABLED_B) {}\n", "disabled"),
    ("tests/unit/q_test.cpp", "// Goal.\nvoid f() { GTEST_SKIP(); }\n", "reason"),
    ("tests/unit/r_test.cpp", "int a;\n", "opens without"),
    ("planner/s.h", "// A header.\n", "pragma once"),
    ("scripts/t", "cd /" + "work/main\n", "one developer's machine"),
    ("helper.sh", "", "top level"),
]


def main():
    root = sys.argv[2]
    for path, content, _ in SAMPLES:
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
            stream.write(content)
    found = list(repository_rules.findings(root))
    failures = 0
    for path, _, expected in SAMPLES:
        mine = [f for f in found if f.startswith(path + ":")]
        as_expected = not mine if expected is None else len(mine) == 1 and expected in mine[0]
        if not as_expected:
            print(f"{path}: expected {expected!r}, found {mine}")
            failures += 1
    print(f"{len(SAMPLES)} samples, {failures} failures")
    return 1 if failures else 0


sys.exit(main())
