"""Goal: whatever a network does in the middle of a deployment, the deployment ends right.

Method: five test hosts; slow services, so that links are cut, made one-way or bad, addresses changed and hosts switched
off in a phase that is chosen; in the end every host runs what the exit status says, and the transcript names what was
waited for. Usage: network_test.py PACKAGE [--long]
"""

import sys
import time

from deployments import Deployments
from sites import Site, TestFailure, run_tests

LONG = "--long" in sys.argv
PHASES = ("preparing", "locking", "switching")
# Long enough for a session to be lost (3 heartbeats of 5 s), or just long enough to hurt.
CUT_SECONDS = 20 if LONG else 3


def broken_link(site, deployments, phase, breaking, healing):
    transaction = deployments.start()
    watching = deployments.watch(transaction)
    deployments.reach(transaction, phase)
    site.disturb(*breaking)
    time.sleep(CUT_SECONDS)
    site.disturb(*healing)
    return deployments.end(watching)


def cut_cables(site, deployments):
    """Down and up again, in each phase; with --long also the builder's and the hub's."""
    for role in ("test2", "builder", "hub") if LONG else ("test2",):
        for phase in PHASES:
            transcript = broken_link(site, deployments, phase, ("link", role, "down"), ("link", role, "up"))
            if LONG and role == "test2" and phase == "switching" and "waiting for" not in transcript:
                raise TestFailure(f"the transcript does not say what was waited for:\n{transcript}")


def lose_one_way(site, deployments):
    ways = [("hub", "test2"), ("test2", "hub")]
    for source, sink in ways:
        for phase in PHASES if LONG else ("switching",):
            broken_link(site, deployments, phase, ("block", source, sink), ("unblock",))


def deploy_over_a_bad_link(site, deployments):
    """200 ms and 5 % loss each way, for a whole deployment."""
    print(site.disturb("slow", "test2", "--delay-ms", "200", "--loss-percent", "5").strip())
    transaction = deployments.start('step = "0";')
    deployments.end(deployments.watch(transaction))
    site.disturb("fast", "test2")


def change_addresses(site, deployments):
    """The hub's with --long only: whoever talks to it has to find out by a time-out."""
    moves = [("test2", "10.77.0.102"), ("hub", "10.77.0.101")]
    for role, address in moves if LONG else moves[:1]:
        transaction = deployments.start()
        deployments.reach(transaction, "switching")
        site.move(role, address)
        deployments.end(deployments.watch(transaction))


def cut_power(site, deployments):
    """Each host in turn, in the switch (the builder: while it builds)."""
    plan = [("test2", "switching"), ("hub", "switching"), ("builder", "preparing")]
    if LONG:
        plan += [("test1", "switching"), ("test3", "switching"), ("test2", "preparing"), ("test2", "locking"),
                 ("hub", "preparing"), ("hub", "locking")]
    for role, phase in plan:
        transaction = deployments.start()
        deployments.reach(transaction, phase)
        site.disturb("power-cut", role)
        time.sleep(CUT_SECONDS)
        site.disturb("boot", role)
        # What the power took with it is run again, or taken back: both are right, half of it never is.
        deployments.end(deployments.watch(transaction), statuses=(0, 2))


def a_fresh_target_joins(site, deployments):
    site.join("test4")
    deployments.install()


def targets_build(site, deployments):
    deployments.install("--build-on-targets")


def survive_the_network():
    with Site(sys.argv[1], ["test1", "test2", "test3"]) as site:
        deployments = Deployments(site)
        deployments.install()
        for test in (cut_cables, lose_one_way, deploy_over_a_bad_link, cut_power, change_addresses, targets_build,
                     a_fresh_target_joins):
            started = time.monotonic()
            test(site, deployments)
            print(f"ok: {test.__name__}, {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    run_tests(survive_the_network)
