"""What may come to a process in each phase of a deployment, by construction: the phase is held (a module of somebody
else and a Nix in front of Nix wait), somebody is struck while it lasts, and then it goes on."""

import collections
import os
import signal
import time

from real_site import DAEMONS, TARGETS, TestFailure

COMMITTED, ROLLED_BACK, STILL_LOCKED = 0, 2, 6
# All deadlines that anything waits for: sessions, targets and activities. A stop is longer than each of them.
HEARTBEAT_MS, MISSED, WAIT, DEADLINE = 1000, 3, 4, 5
STOPPED = 9.0  # s
LEFT_OVER = 60.0  # s; what waits for a target that was away is done within that after its return
STRUCK_WITHIN = 30.0  # s; so long a process may take to end in good order

# `held`: what waits in it. `on`: the target where something is under way then.
Phase = collections.namedtuple("Phase", "name way held on")
FORTH, BACK = "upgrade", "rollback"
PHASES = (
    Phase("build", FORTH, "build", "test1"),
    Phase("transfer", FORTH, "transfer", "test1"),
    Phase("lock", FORTH, "lock.web", "test3"),
    Phase("deactivate", FORTH, "deactivate.api", "test2"),
    Phase("activate", FORTH, "activate.api", "test2"),
    Phase("commit", FORTH, "commit", "test1"),
    Phase("unlock", FORTH, "unlock.aside", "test1"),
    # A version that does not come up: its way forth is the same, and then it is undone.
    Phase("undo activate", BACK, "deactivate.data-broken", "test1"),
    Phase("undo deactivate", BACK, "activate.web", "test3"),
    Phase("undo lock", BACK, "unlock.aside", "test1"),
)
# What an activity is run by is there only while there is one.
WITH_ACTIVITY = tuple(phase for phase in PHASES if "." in phase.held)
PROCESSES = ("planner", "broker", "builder", "worker", "dysnomia")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP)


def pairs():
    """Each process in each phase in which there is one."""
    for phase in PHASES:
        for process in PROCESSES:
            if process != "dysnomia" or phase in WITH_ACTIVITY:
                yield process, phase


def prepare(site):
    """Short deadlines, so that they pass."""
    with open(site.path("state", DAEMONS["broker"]), "a", encoding="utf-8") as file:
        file.write(f"heartbeat_ms = {HEARTBEAT_MS}\nmissed_heartbeats = {MISSED}\n")
    site.deploy_options = ("--wait", f"{WAIT}s")
    site.deadline = DEADLINE


def may_end(phase, number):
    """How the deployment may end. Who was away for longer than a deadline may have failed by that; after the generation is
    there, only what is still locked is left."""
    if phase.way == BACK:
        return ROLLED_BACK
    if number != signal.SIGSTOP:
        return COMMITTED
    return (COMMITTED, STILL_LOCKED) if phase.name == "unlock" else (COMMITTED, ROLLED_BACK)


class Phases:
    """Strikes in each phase; one move of the campaign each."""

    def __init__(self, campaign):
        self.campaign = campaign
        self.site = campaign.site
        self.struck = collections.defaultdict(list)  # (process, phase) -> names of signals
        self.ends = collections.Counter()

    def signals(self, first=0):
        for process, phase in list(pairs())[first:]:
            for number in SIGNALS:
                self.in_phase(f"{number.name} to {process}", phase, may_end(phase, number),
                              lambda word, p=process, f=phase, n=number: self.send(p, f, n, word),
                              LEFT_OVER if number == signal.SIGSTOP else 0)
                self.struck[(process, phase.name)].append(number.name)
            print(f"ok: {process} in {phase.name}: " + " ".join(self.struck[(process, phase.name)]), flush=True)
        self.print_table()

    def full_disk(self, ends, dice):
        """Nothing more can be written from the middle of a phase on, then there is space again."""
        for phase in PHASES:
            self.in_phase("full disk", phase, ends, lambda word: self.fill(word, dice.uniform(0.5, 4.0)))
            print(f"ok: a full disk in {phase.name}", flush=True)

    def in_phase(self, what, phase, ends, strike, patience=0):
        campaign, site = self.campaign, self.site
        word = "hold." + phase.held
        version = campaign.other_version() if phase.way == FORTH else "broken"
        site.tell(word)

        def disturb(client):
            site.wait(f"phase {phase.name}", lambda: client.poll() is not None or site.is_held(phase.held))
            if client.poll() is not None:
                raise TestFailure(f"phase {phase.name} was never reached: {client.communicate()[0]}")
            strike(word)
            site.untell(word)

        try:
            campaign.move(f"{what} in {phase.name}", version, ends, disturb, patience)
        finally:
            site.untell(word)

    def send(self, process, phase, number, word):
        """Ended in good order while it is in the phase, which goes on once it has ended; or stopped, while the others go
        on, for longer than every deadline."""
        site = self.site
        pid = self.pid_of(process, phase)
        site.note_crash()
        os.kill(pid, number)
        if number == signal.SIGSTOP:
            site.untell(word)
            due = time.monotonic() + STOPPED
            site.wait("the time of a stop", lambda: time.monotonic() > due)
            os.kill(pid, signal.SIGCONT)
        else:
            site.wait(f"the end of {process} by {number.name}", lambda: not is_there(pid), STRUCK_WITHIN)
        site.note_crash()

    def pid_of(self, process, phase):
        if process == "dysnomia":
            return self.site.runner_on(phase.on)
        name = "worker-" + phase.on if process == "worker" else process
        self.site.wait(f"the life of {name}", lambda: name in self.site.running)
        return self.site.running[name].pid

    def fill(self, word, seconds):
        self.site.fill_disk()
        self.site.untell(word)
        due = time.monotonic() + seconds
        self.site.wait("the time of a full disk", lambda: time.monotonic() > due)
        self.site.note_crash()
        self.site.free_disk()

    def print_table(self):
        """What was struck where; fails when a pair was left out."""
        width = max(len(phase.name) for phase in PHASES)
        print("".ljust(width), *(process.ljust(22) for process in PROCESSES))
        for phase in PHASES:
            cells = []
            for process in PROCESSES:
                names = self.struck.get((process, phase.name))
                cells.append((" ".join(name.removeprefix("SIG") for name in names) if names else
                              "(no activity)").ljust(22))
            print(phase.name.ljust(width), *cells)
        missing = [f"{process} in {phase.name}" for process, phase in pairs()
                   if len(self.struck[(process, phase.name)]) != len(SIGNALS)]
        if missing:
            raise TestFailure("not struck: " + ", ".join(missing))


def is_there(pid):
    """A dead process that nobody has waited for is not there any more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


assert {phase.on for phase in PHASES} <= set(TARGETS)
