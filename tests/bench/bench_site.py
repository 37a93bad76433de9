"""What the end-to-end benchmarks share: generated models, an installation through `eris up`, and a clock that tells
how much cpu all its processes had used at any moment."""

import bisect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_EVERY = 0.05  # seconds; one sample costs a millisecond or two


class Models:
    """Services in layers of equal width, each with `fan` interdependencies on the layer below, dealt out to the
    targets in turn. The parameter `salt` changes the package of the last service, on which nothing depends."""

    def __init__(self, services, targets, layers=1, fan=0, cores=4, module="echo"):
        self.services, self.targets, self.layers, self.fan = services, targets, layers, fan
        self.cores, self.module = cores, module

    def describe(self):
        return "%d services, %d targets, %d layers, fan-in %d, numOfCores %d, module %s" % (
            self.services, self.targets, self.layers, self.fan if self.layers > 1 else 0, self.cores, self.module)

    def write(self, folder):
        names = ["s%d" % i for i in range(self.services)]
        width = max(1, self.services // self.layers)
        lines = ["{ system, pkgs, distribution, invDistribution, salt ? \"\" }:", "let",
                 "  package = name: text: derivation {", "    inherit name system text;",
                 "    builder = \"/bin/sh\"; args = [ \"-c\" \"echo $text > $out\" ];", "  };", "in rec {"]
        for i, name in enumerate(names):
            layer, position = min(i // width, self.layers - 1), i % width
            below = names[(layer - 1) * width:layer * width] if layer else []
            needs = [below[(position + k) % len(below)] for k in range(min(self.fan, len(below)))]
            head = "{ %s }: " % ", ".join(needs) if needs else ""
            depends = " dependsOn = { inherit %s; };" % " ".join(needs) if needs else ""
            lines.append('  %s = { name = "%s"; type = "%s";%s pkg = %spackage "%s" %s; };'
                         % (name, name, self.module, depends, head, name, "salt" if name == names[-1] else '"1"'))
        self.save(folder, "services", lines + ["}"])
        self.save(folder, "infrastructure", ["{"] + [
            '  t%d = { properties.hostname = "t%d"; numOfCores = %d; containers.%s = { }; };'
            % (i, i, self.cores, self.module) for i in range(self.targets)] + ["}"])
        self.save(folder, "distribution", ["{ infrastructure }:", "{"] + [
            "  %s = [ infrastructure.t%d ];" % (name, i % self.targets) for i, name in enumerate(names)] + ["}"])

    @staticmethod
    def save(folder, model, lines):
        with open(os.path.join(folder, model + ".nix"), "w") as file:
            file.write("\n".join(lines) + "\n")


class Folder:
    """A temporary folder; Nix store paths below it are read-only and go all the same."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="eris-bench-")
        return self.path

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+w", self.path], check=False)
        shutil.rmtree(self.path, ignore_errors=True)


def prepare_environment():
    os.environ["NIX_CONFIG"] = "sandbox = false\nsubstituters =\nbuild-users-group =\n"


def timed(argv, **options):
    """Runs a command: its output, wall seconds, cpu seconds with all its children, peak memory in MiB."""
    start = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("failed with %d: %s\n%s" % (process.returncode, " ".join(argv), output))
    return output, time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def median(values):
    return sorted(values)[len(values) // 2]


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(child) for child in file.read().split()]


def cpu_of(pid):
    """Seconds of a process and of all those that it has reaped. Its own come from its clock (clock_getcpuclockid(3)):
    in ticks each of many small processes would lose two halves."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return time.clock_gettime(~pid << 3 | 2) + sum(int(fields[i]) for i in (13, 14)) / TICKS


def cpu_with_children(pid):
    """The same, with its living children: runners of a worker serve it for longer than one phase."""
    used = cpu_of(pid)
    for child in children_of(pid):
        try:
            used += cpu_of(child)
        except OSError:
            pass
    return used


def memory_of(pid):
    """Peak resident memory in MiB."""
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


class CpuClock:
    """Samples what processes have used, with their children; a process that ended counts with its last sample.
    `supervisor` counts alone: those below it are among the others."""

    def __init__(self, supervisor, pids):
        self.supervisor = supervisor
        self.used = dict.fromkeys(pids, 0.0)
        self.times, self.totals = [], []
        self.going = True
        self.sample()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def add(self, pid):
        self.used[pid] = 0.0

    def sample(self):
        for pid in list(self.used):
            try:
                self.used[pid] = (cpu_of if pid == self.supervisor else cpu_with_children)(pid)
            except OSError:
                pass
        self.times.append(time.time())
        self.totals.append(sum(self.used.values()))

    def run(self):
        while self.going:
            time.sleep(SAMPLE_EVERY)
            self.sample()

    def stop(self):
        self.going = False
        self.thread.join()
        self.sample()

    def at(self, moment):
        """Cpu seconds at a time of day, between samples by interpolation."""
        after = bisect.bisect_left(self.times, moment)
        if after == 0:
            return self.totals[0]
        if after == len(self.times):
            return self.totals[-1]
        before = after - 1
        share = (moment - self.times[before]) / (self.times[after] - self.times[before])
        return self.totals[before] + share * (self.totals[after] - self.totals[before])


class Deployment:
    """One `eris deploy` and what its journal says: `phases` is a list of (name, wall seconds, cpu seconds)."""

    NAMES = {"preparing": "build", "locking": "lock", "switching": "switch", "committing": "commit",
             "finishing": "unlock"}
    ORDER = ["evaluate", "plan", "build", "transfer", "lock", "switch", "commit", "unlock", "report"]

    def __init__(self, start, end, cpu, said, events, logs):
        """`said`: phase → when the command said that it began; the journal's own times are used where the planner
        still tells them (an answer has no more than the first events of a long transaction)."""
        self.wall, self.cpu = end - start, cpu.at(end) - cpu.at(start)
        self.verbs = {entry["item"]["index"]: entry["item"]["verb"] for entry in logs}
        self.activities = sum(1 for entry in logs if entry["item"]["verb"] in ("activate", "deactivate"))
        marks = self.marks(start, end, said, events)
        self.began = dict(marks)
        self.phases = [(name, to - since, cpu.at(to) - cpu.at(since))
                       for (name, since), (_, to) in zip(marks, marks[1:])]

    def marks(self, start, end, said, events):
        """(phase, when it began), in order, and the end."""
        at = {"evaluate": start, **{self.NAMES[phase]: when for phase, when in said.items()}}
        built = 0.0
        for event in events:
            when = event["atMs"] / 1000
            if event["type"] == "submissionAccepted":
                at["plan"] = when
            elif event["type"] == "phase" and event["phase"] in self.NAMES:
                at[self.NAMES[event["phase"]]] = when
            elif event["type"] == "settled" and self.verbs.get(event["index"]) == "build":
                built = when
            elif event["type"] == "ended":
                at["report"] = when
        if "lock" in at and "build" in at:
            at["transfer"] = max(built, at["build"])
        return [(phase, at[phase]) for phase in self.ORDER if phase in at] + [("end", end)]

    def phase(self, name):
        return next(((wall, cpu) for one, wall, cpu in self.phases if one == name), (0.0, 0.0))

    def between(self, first, second):
        """Seconds from the begin of a phase to the begin of another."""
        return self.began[second] - self.began[first]

    def show(self, title):
        print("\n%s: %.2f s wall, %.2f s cpu of all processes" % (title, self.wall, self.cpu))
        for name, wall, cpu in self.phases:
            print("   %-9s %8.3f s wall %8.3f s cpu" % (name, wall, cpu))


class Installation:
    """`eris up` over the models in a folder, on a store of its own."""

    def __init__(self, eris, folder):
        self.eris, self.folder = eris, folder
        state = os.path.join(folder, "state")
        os.mkdir(state)
        os.environ["ERIS_CONFIG_DIR"] = state
        self.log = os.path.join(folder, "up.log")
        with open(self.log, "w") as log:
            self.up = subprocess.Popen([eris, "up", "-i", "infrastructure.nix", "--state-dir", state, "--own-store"],
                                       cwd=folder, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        deadline = time.monotonic() + 300
        while "ready" not in self.printed():
            if self.up.poll() is not None or time.monotonic() > deadline:
                sys.exit("eris up is not ready:\n" + self.printed())
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.up.send_signal(signal.SIGTERM)
        self.up.wait(120)

    def printed(self):
        with open(self.log) as file:
            return file.read()

    def daemons(self):
        """name → pid"""
        folder = os.path.join(self.folder, "state", "run")
        pids = {}
        for name in os.listdir(folder):
            if name.endswith(".pid"):
                with open(os.path.join(folder, name)) as file:
                    pids[name[:-len(".pid")]] = int(file.read())
        return pids

    def evaluate(self, times=3):
        """The bare evaluation: median wall and cpu seconds of `eris manifest`."""
        runs = [timed([self.eris, "manifest", "--json"], cwd=self.folder)[1:3] for _ in range(times)]
        return median([wall for wall, _ in runs]), median([cpu for _, cpu in runs])

    def processes(self):
        return [self.up.pid] + children_of(self.up.pid)

    def undeploy(self):
        timed([self.eris, "undeploy", "--json"], cwd=self.folder, stderr=subprocess.DEVNULL)

    def deploy(self, extra=()):
        cpu = CpuClock(self.up.pid, self.processes())
        start = time.time()
        process = subprocess.Popen([self.eris, "deploy", "--json", *extra], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        cpu.add(process.pid)
        said, problems = {}, []
        for line in process.stderr:
            if line.strip() in Deployment.NAMES:
                said[line.strip()] = time.time()
            elif line.startswith(("error", "warning")):
                problems.append(line)
        output = process.stdout.read()
        # Its last sample is taken before it is reaped.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        end = time.time()
        cpu.stop()
        if process.wait() != 0:
            sys.exit("the deployment failed with %d:\n%s" % (process.returncode, "".join(problems)))
        transaction = str(json.loads(output[output.index("{"):])["transaction"])
        events = json.loads(timed([self.eris, "history", "--json", transaction])[0])["events"]
        logs = json.loads(timed([self.eris, "logs", "--json", transaction])[0])
        return Deployment(start, end, cpu, said, events, logs)
