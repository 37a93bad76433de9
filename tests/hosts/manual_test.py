"""Goal: who follows docs/manual/network.md has a system over five machines.

Method: five test hosts, set up by the blocks of the manual as they stand; then the three-tier example is deployed,
upgraded, fails to upgrade, is rolled back and undeployed, and Eris itself is upgraded.
Usage: manual_test.py PACKAGE
"""

import sys

from manual import typed
from sites import Site, run_tests

PAGE = "curl --silent --max-time 5 http://test3:8080/"


def follow_the_manual():
    with Site(sys.argv[1], ["test1", "test2", "test3"]) as site:
        site.copy_models()
        output = site.run("hub", typed("on hub, to deploy"), MODELS="/root/models")
        assert "3 to activate" in output, output
        site.wait_for("hub", PAGE, "<td>api<td>1.0")
        site.expect("hub", "cd models && eris deploy", "unchanged")
        site.expect("hub", "cd models && eris deploy -s services-upgrade.nix", "committed as generation 2")
        site.wait_for("hub", PAGE, "<td>api<td>2.0")
        site.expect("hub", "cd models && eris deploy -s services-broken.nix", "rolled back", status=2)
        site.wait_for("hub", PAGE, "<td>api<td>2.0")
        site.expect("hub", "eris rollback", "committed as generation 3")
        site.wait_for("hub", PAGE, "<td>api<td>1.0")
        site.run("hub", typed("on hub, to back up"), BACKUP="/root/journal.backup")
        site.expect("hub", "sqlite3 /root/journal.backup 'pragma integrity_check'", "ok")
        for role in site.hosts:
            site.run(role, typed("on every machine, to upgrade Eris"))
        site.expect("hub", "cd models && eris deploy", "unchanged")
        site.expect("hub", "eris undeploy", "3 deactivated")
        site.expect("hub", PAGE, "^$", status=7)


if __name__ == "__main__":
    run_tests(follow_the_manual)
