"""The blocks of docs/manual/network.md that an operator types, by the machines that they are typed on.

A block begins with a comment that says where: `# on each target`. The tests run them as they stand, with the
operator's own words ($NAME, $KEY, ...) in the environment.
"""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs/manual/network.md")


def blocks():
    """(where, script), in the order of the page."""
    with open(PAGE, encoding="utf-8") as file:
        found = re.findall(r"```sh\n# (on [^\n]*)\n(.*?)```", file.read(), re.DOTALL)
    return found


def typed(where):
    """Everything that the page has for these words, as one script that stops at the first failure."""
    scripts = [script for label, script in blocks() if label == where]
    if not scripts:
        raise KeyError(f"{PAGE} says nothing '{where}'")
    return "set -e\n" + "\n".join(scripts)
