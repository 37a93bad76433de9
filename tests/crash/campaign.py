#!/usr/bin/env python3
"""Kills real daemons in the middle of an upgrade and of a rollback, and compares what the targets run with what
they must (scripts/crash --help)."""

import argparse
import itertools
import os
import random
import re
import shutil
import signal
import sys
import time

import formats
import phases
from call_rules import check_calls
from real_site import Site, TestFailure

TURN = ("before-append", "after-append", "before-send", "after-send")
ATTEMPT = ("before-lock", "after-lock", "before-activity", "after-activity", "before-outcome", "after-outcome")
COMMITTED, ROLLED_BACK, STUCK, STILL_LOCKED = 0, 2, 3, 6
LABELS = {"planner": TURN, "broker": TURN, "worker": TURN, "builder": TURN, "dysnomia": ATTEMPT}
DISK = "48m"
SETTLED = 0.3  # s; what comes after the end of a transaction would have come by then


class Campaign:
    """Moves a layered system to and fro; each move is one round, in which somebody may die."""

    def __init__(self, site):
        self.site = site
        self.rounds = 0
        self.longest = 0.0
        self.version = "1"  # what runs
        site.finish(site.deploy("1"), 0)
        # A third version that does not come up: what its deployment must come to is the one before.
        site.tell("fail.activate.api-broken")
        self.check("the first deployment", [])

    def upgrade(self, what, disturb):
        self.move(what + ", upgrade", self.other_version(), COMMITTED, disturb)

    def roll_back(self, what, disturb):
        self.move(what + ", rollback", "broken", ROLLED_BACK, disturb)

    def other_version(self):
        return "2" if self.version == "1" else "1"

    def move(self, what, version, status, disturb, patience=0):
        """`patience`: s; what is left over for a target that was away is done within that after the end."""
        site = self.site
        site.forget_calls()
        began = time.monotonic()
        client = site.deploy(version)
        try:
            disturb(client)
            output = site.finish(client, status)
            if client.returncode == STUCK:
                number = re.search(r"eris retry (\d+)", output).group(1)
                site.finish(site.client("retry", number), ROLLED_BACK)
            if client.returncode in (COMMITTED, STILL_LOCKED):
                self.version = version
            self.longest = max(self.longest, time.monotonic() - began)
            self.rounds += 1
            if patience:
                site.wait("the work left over", lambda: site.active() == self.expected() and not site.locked(), patience)
            self.check(what, site.calls(), may_go_on=patience > 0)
        except TestFailure as failure:
            client.kill()
            raise TestFailure(f"{what}: {failure}") from None

    def expected(self):
        return {"aside": "1", "data": self.version, "api": self.version, "web": "1"}

    def check(self, what, calls, may_go_on=False):
        site = self.site
        if site.active() != self.expected():
            raise TestFailure(f"{what}: {site.active()} are active, not {self.expected()}")
        if site.locked():
            raise TestFailure(f"{what}: locked for ever: {site.locked()}")
        end = time.monotonic() + SETTLED
        while time.monotonic() < end:
            site.keep()
            time.sleep(0.01)
        if calls and site.calls() != calls and not may_go_on:
            raise TestFailure(f"{what}: called after its end: {site.calls()[len(calls):]}")
        site.note_hit()
        for finding in check_calls(calls, site.crashes):
            raise TestFailure(f"{what}: {finding}")

    # One process at one labelled point.

    def labelled(self, processes, stride):
        for process in processes:
            for label in LABELS[process]:
                for move in (self.upgrade, self.roll_back):
                    self.each_arrival(process, label, move, stride)

    def each_arrival(self, process, label, move, stride):
        """n = 1, 1 + stride, … until the move gets through without an n-th arrival."""
        before = self.rounds
        for n in itertools.count(1, stride):
            self.site.order(f"{process}:{label}:{n}")
            move(f"{process} at {label} {n}", lambda client: None)
            if not self.site.withdraw_order():
                break
        say(f"{process} {label} {move.__name__}: {self.rounds - before - 1} deaths")

    # At any time.

    def at_random(self, rounds, dice):
        for number in range(1, rounds + 1):
            move = self.upgrade if number % 2 else self.roll_back
            victims = dice.sample(self.site.daemons(), dice.choice((1, 1, 2)))
            move(f"random round {number}, {' and '.join(victims)}", self.killer(victims, dice))
        say(f"random times: {rounds} rounds")

    def everything(self, rounds, dice):
        for number in range(1, rounds + 1):
            move = self.upgrade if number % 2 else self.roll_back
            move(f"all at once, round {number}", self.after_a_while(dice, self.site.cut_power))
        say(f"all at once: {rounds} rounds")

    # Whoever has started it walks away, and nobody is there to take it.

    def fire_and_forget(self):
        site = self.site
        for number in (signal.SIGTERM, signal.SIGKILL):
            site.halt("planner", number)
            version = self.other_version()
            said = site.finish(site.deploy(version, "--detach"), COMMITTED)
            if "the planner is away" not in said:
                raise TestFailure(f"a deployment without a planner says: {said}")
            name = said.split()[-1]
            watchers = [site.client("watch", name)]
            site.start("planner")
            watchers.append(site.client("watch", name))
            for watcher in watchers:
                site.finish(watcher, COMMITTED)
            self.version = version
            self.check("fire and forget", [])
        say("a planner that has just ended is not waited for, and does what was submitted when it is back")

    # What is not a crash.

    def replaced(self, dice):
        """Eris is upgraded: each daemon is ended and started from another directory while a transaction runs."""
        other = self.site.path("other-programs")
        shutil.copytree(self.site.programs, other)
        for move in (self.upgrade, self.roll_back):
            order = dice.sample(self.site.daemons(), len(self.site.daemons()))

            def replace_all(client, order=tuple(order)):
                for name in order:
                    self.site.programs_of[name] = other if name not in self.site.programs_of else self.site.programs
                    self.site.signal(name, signal.SIGTERM)
                    due = time.monotonic() + 0.3
                    while client.poll() is None and time.monotonic() < due:
                        self.site.keep()
                        time.sleep(0.01)

            move("every program is replaced", replace_all)
        say("every program is replaced, one by one, in each direction")

    def formats(self):
        """In the middle of an activity each daemon meets a database of a newer Eris, and refuses it with a line; and the
        one of the version before, which it brings up to date and goes on with."""
        for move, held in ((self.upgrade, "activate.api"), (self.roll_back, "deactivate.web")):
            self.site.tell("hold." + held)

            def meet_others(client, held=held):
                self.site.wait("the middle of the move", lambda: client.poll() is not None or self.site.is_held(held))
                for name, file in formats.DATABASES.items():
                    self.refuse_newer(name, self.site.path("state", file))
                for name, file in formats.DATABASES.items():
                    if file in formats.BACK:
                        self.take_over_older(name, self.site.path("state", file), formats.BACK[file])
                self.site.untell("hold." + held)

            move("databases of other versions", meet_others)
        say("daemons refuse a newer database, and go on with one of the version before")

    def refuse_newer(self, name, path):
        site = self.site
        site.halt(name)
        known = formats.format_of(path)
        formats.set_format(path, formats.NEWER)
        before = formats.content_of(path)
        status, said = formats.refusal(site.command(name), site.environment)
        wanted = f"has format {formats.NEWER}, written by a newer Eris; this one knows formats up to {known}"
        if status == 0 or wanted not in said or len(said.splitlines()) > 3:
            raise TestFailure(f"{name} and a newer database: status {status}, it says: {said}")
        if formats.content_of(path) != before:
            raise TestFailure(f"{name} has changed a database that it does not know")
        formats.set_format(path, known)
        site.start(name)

    def take_over_older(self, name, path, back):
        site = self.site
        site.halt(name)
        number = formats.make_older(path, back)
        site.start(name)
        due = time.monotonic() + 1.0
        site.wait(f"the life of {name}", lambda: time.monotonic() > due and name in site.running)
        site.halt(name)
        if formats.format_of(path) != number:
            raise TestFailure(f"{name} has not brought its older database up to date")
        site.start(name)

    def after_a_while(self, dice, act):
        """Does it at some moment of the move."""
        delay = dice.uniform(0.2, 2.2)

        def disturb(client):
            due = time.monotonic() + delay
            while client.poll() is None and time.monotonic() < due:
                self.site.keep()
                time.sleep(0.005)
            act()

        return disturb

    def killer(self, victims, dice):
        return self.after_a_while(dice, lambda: self.site.kill(*victims))


def say(text):
    print(f"ok: {text}", flush=True)


def short(campaign, dice):
    """What every change is tested with: each process once in each direction, and all at once."""
    for process, label, n in (("planner", "after-append", 6), ("broker", "after-send", 40),
                              ("worker", "after-append", 12), ("dysnomia", "after-activity", 3)):
        for move in (campaign.upgrade, campaign.roll_back):
            campaign.site.order(f"{process}:{label}:{n}")
            move(f"{process} at {label} {n}", lambda client: None)
            if not campaign.site.withdraw_order():
                raise TestFailure(f"{process} never came to {label} {n}")
        say(f"{process} dies at {label} {n}, in an upgrade and in a rollback")
    campaign.formats()
    campaign.fire_and_forget()
    campaign.everything(1, dice)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", help="directory of the programs")
    parser.add_argument("--short", action="store_true", help="a few points only")
    parser.add_argument("--process", action="append", choices=LABELS, help="labelled points of these only")
    parser.add_argument("--stride", type=int, default=1, help="every so many-th arrival at a point")
    parser.add_argument("--rounds", type=int, default=100, help="random ones; 3 in 10 as many with all at once")
    parser.add_argument("--seed", type=int, default=0, help="of the random rounds; 0: a new one")
    parser.add_argument("--no-points", action="store_true", help="no labelled points")
    parser.add_argument("--signals", action="store_true", help="only signals: each process in each phase")
    parser.add_argument("--disk", action="store_true", help="only a full disk, in each phase (needs root)")
    arguments = parser.parse_args()
    seed = arguments.seed or random.SystemRandom().randrange(1, 1 << 31)
    print(f"seed {seed}", flush=True)
    dice = random.Random(seed)
    if arguments.disk and "ERIS_CRASH_MOUNTS" not in os.environ:
        os.environ["ERIS_CRASH_MOUNTS"] = "own"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, "-B", *sys.argv])
    if not (arguments.short or arguments.signals or arguments.disk):
        status = run(arguments, dice, "")
        arguments.signals = True
        return status or run(arguments, dice, "")
    return run(arguments, dice, DISK if arguments.disk else "")


def run(arguments, dice, disk):
    """On a site of its own."""
    with Site(arguments.programs, disk, phases.prepare if arguments.signals else None) as site:
        try:
            campaign = Campaign(site)
            if arguments.short:
                short(campaign, dice)
            elif arguments.disk:
                phases.Phases(campaign).full_disk((COMMITTED, ROLLED_BACK, STUCK), dice)
            elif arguments.signals:
                phases.Phases(campaign).signals()
            else:
                if not arguments.no_points:
                    campaign.labelled(arguments.process or list(LABELS), arguments.stride)
                campaign.replaced(dice)
                campaign.formats()
                campaign.fire_and_forget()
                campaign.at_random(arguments.rounds, dice)
                campaign.everything(arguments.rounds * 3 // 10, dice)
        except TestFailure as failure:
            site.print_logs()
            print(f"FAILED: {failure}")
            return 1
        print(f"all as promised: {campaign.rounds} moves, the longest took {campaign.longest:.1f} s")
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    os.environ.setdefault("LC_ALL", "C")
    sys.exit(main())
