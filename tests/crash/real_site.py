"""A site of real daemons that a test may kill: made by `eris up`, then kept running by the test itself."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RESTART_AFTER = 0.05
MOST_RESTARTS = 2.0  # s; who dies again at once is started again ever later, as a supervisor does
DAEMONS = {"broker": "broker/broker.toml", "planner": "planner/planner.toml", "builder": "builder/worker.toml"}
DAEMONS_MARK = "DYSNOMIA_MODULES_PATH"  # in the environment of whatever runs on a host
TARGETS = ("test1", "test2", "test3")

INFRASTRUCTURE = """{
  test1 = { properties.hostname = "test1"; containers.recorder = { }; numOfCores = 2; };
  test2 = { properties.hostname = "test2"; containers.recorder = { }; numOfCores = 2; };
  test3 = { properties.hostname = "test3"; containers.recorder = { }; numOfCores = 2; };
}
"""
DISTRIBUTION = """{ infrastructure }: with infrastructure; {
  data = [ test1 ]; api = [ test2 ]; web = [ test3 ]; aside = [ test1 ];
}
"""
# `aside` stays as it is; `api` has a version; `web` is taken down for it and comes back.
SERVICES = """{ system, pkgs, distribution, invDistribution, version ? "1", deadline ? 600 }:
let
  make = name: text: derivation {
    inherit name system text;
    builder = "/bin/sh";
    args = [ "-c" ''echo "$text" > "$out"'' ];
  };
in rec {
  aside = { name = "aside"; type = "recorder"; inherit deadline; pkg = make "aside" "aside 1"; };
  data = { name = "data"; type = "recorder"; inherit deadline; pkg = make "data" "data ${version}"; };
  api = {
    name = "api"; type = "recorder"; inherit deadline; dependsOn = { inherit data; };
    pkg = { data }: make "api" "api ${version}";
  };
  web = {
    name = "web"; type = "recorder"; inherit deadline; dependsOn = { inherit api; };
    pkg = { api }: make "web" "web 1";
  };
}
"""
DEPENDS_ON = {"api": "data", "web": "api"}

# What the log of calls says of each one: time, begin or done, activity, service, version, and what was active
# at that moment.
RECORDER = """#!/bin/sh
here=${0%/*}
name=${2##*/}
name=${name#*-}
read -r service version < "$2"
told() { [ -e "$here/$1.$name" ] || [ -e "$here/$1.$name-$version" ]; }
tell() { echo "$(date +%s%N) $1 $activity $service $version $(cd "$here/active" && echo *)" >> "$here/calls"; }
activity=$1
tell begin
while told "hold.$1"; do sleep 0.05; done
sleep 0.01
if told "fail.$1"; then
  tell failed
  echo "told to fail: $1 of $name" >&2
  exit 1
fi
case $1 in
  activate) echo "$version" > "$here/active/$name" ;;
  deactivate) rm -f "$here/active/$name" ;;
  lock) : > "$here/locked/$name" ;;
  unlock) rm -f "$here/locked/$name" ;;
esac
tell done
"""
# Stands in front of Nix on the workers' path: what they build, bring and commit waits as it is told.
NIX_STORE = """#!/bin/sh
case " $* " in
  *" --add-root "*/roots/*) phase=transfer ;;
  *" --add-root "*) phase=commit ;;
  *" --realise "*) phase=build ;;
  *) phase=other ;;
esac
if [ "$ERIS_CRASH_ROLE" = builder ]; then phase=build; fi
# A worker that finds the transaction's root roots its profile without Nix, and nobody could be held in commit.
if [ $phase = transfer ] && [ -e "$ERIS_CRASH_WORDS/hold.commit" ]; then
  set -- $(echo "$*" | sed 's,/roots/\([0-9]*\)/,/roots/\1-elsewhere/,')
fi
if [ -e "$ERIS_CRASH_WORDS/hold.$phase" ]; then
  : > "$ERIS_CRASH_WORDS/held.$phase"
  while [ -e "$ERIS_CRASH_WORDS/hold.$phase" ]; do sleep 0.05; done
fi
exec "$ERIS_CRASH_NIX_STORE" "$@"
"""


class TestFailure(Exception):
    """A promise that was not kept."""


def die_with_parent():
    """In a child: whatever becomes of the test, its daemons go with it."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    os.setsid()


class Site:
    """Use as a context. Daemons that die are started again by `keep`, which all waiting calls."""

    def __init__(self, programs, disk="", prepare=None):
        """`disk`: size of a file system of its own for everything that daemons keep (needs root). `prepare` is called with
        the site before its daemons start."""
        self.programs = os.path.abspath(programs)
        self.disk = disk
        self.prepare = prepare
        self.work = tempfile.mkdtemp(prefix="eris-crash-")
        self.state = os.path.join(self.work, "state")
        self.modules = os.path.join(self.work, "modules")
        self.order_file = os.path.join(self.work, "order")
        self.programs_of = {}  # daemon -> directory, where it differs
        self.pauses = {}  # daemon -> before its next start
        self.started = {}
        self.running = {}
        self.stopped = {}  # name -> when it may start again
        self.crashes = []  # times in ns
        self.deploy_options = ()
        self.deadline = 600  # s; of activities
        self.environment = dict(os.environ)
        config = os.environ.get("NIX_CONFIG", "")
        self.environment.update(
            ERIS_CONFIG_DIR=self.state,
            **{DAEMONS_MARK: self.modules},
            ERIS_CRASH_AT="@" + self.order_file,
            NIX_CONFIG=f"{config}\nsandbox = false\nsubstituters =\nbuild-users-group =",
        )

    def __enter__(self):
        try:
            if self.disk:
                os.mkdir(self.state)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.disk}", "tmpfs", self.state], check=True)
            self.make_models()
            self.make_site()
            if self.prepare:
                self.prepare(self)
            for name in self.daemons():
                self.start(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
        if self.disk:
            subprocess.run(["umount", "--lazy", self.state], check=False)
        subprocess.run(["chmod", "-R", "u+w", self.work], check=False)
        shutil.rmtree(self.work, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.work, *names)

    def make_models(self):
        for name, text in (("infrastructure", INFRASTRUCTURE), ("distribution", DISTRIBUTION), ("services", SERVICES)):
            with open(self.path(name + ".nix"), "w", encoding="utf-8") as file:
                file.write(text)
        for folder in ("active", "locked"):
            os.makedirs(self.path("modules", folder))
        with open(self.path("modules", "recorder"), "w", encoding="utf-8") as file:
            file.write(RECORDER)
        os.chmod(self.path("modules", "recorder"), 0o755)
        os.mkdir(self.path("front"))
        with open(self.path("front", "nix-store"), "w", encoding="utf-8") as file:
            file.write(NIX_STORE)
        os.chmod(self.path("front", "nix-store"), 0o755)
        self.forget_calls()

    def make_site(self):
        """Keys and configuration by `eris up`, which ends again at once."""
        own_store = [] if os.access("/nix/store", os.W_OK) and os.access("/nix/var/nix", os.W_OK) else ["--own-store"]
        with subprocess.Popen([self.programs + "/eris", "up", "-i", self.path("infrastructure.nix"),
                               "--state-dir", self.state, *own_store], env=self.environment,
                              stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent) as up:
            for line in up.stdout:
                if line.startswith("ready"):
                    break
            up.terminate()
            if up.wait(30) != 0:
                raise TestFailure("eris up does not end in good order")

    @staticmethod
    def daemons():
        return [*DAEMONS, *("worker-" + target for target in TARGETS)]

    def command(self, name):
        program = name if name in ("broker", "planner") else "worker"
        config = DAEMONS.get(name) or f"targets/{name.removeprefix('worker-')}/worker.toml"
        return [f"{self.programs_of.get(name, self.programs)}/eris-{program}", "--config", os.path.join(self.state, config)]

    def start(self, name):
        self.started[name] = time.monotonic()
        with open(self.log_of(name), "ab") as log:
            self.running[name] = subprocess.Popen(self.command(name), env=self.environment_of(name), stdout=log,
                                                  stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def environment_of(self, name):
        if name in ("broker", "planner"):
            return self.environment
        path = self.environment.get("PATH", os.defpath)
        return {**self.environment, "PATH": self.path("front") + os.pathsep + path, "ERIS_CRASH_ROLE": name,
                "ERIS_CRASH_WORDS": self.path("modules"), "ERIS_CRASH_NIX_STORE": shutil.which("nix-store")}

    def log_of(self, name):
        """Beside the state: what a full disk does is told."""
        return self.path(name + ".log")

    def keep(self):
        """Starts again what has died. Its death is on record before it can do anything anew."""
        for name, child in list(self.running.items()):
            if child.poll() is not None:
                self.note_crash()
                del self.running[name]
                lived = time.monotonic() - self.started[name]
                pause = RESTART_AFTER if lived > MOST_RESTARTS else min(2 * self.pauses.get(name, RESTART_AFTER / 2),
                                                                        MOST_RESTARTS)
                self.pauses[name] = pause
                self.stopped[name] = time.monotonic() + pause
        for name, due in list(self.stopped.items()):
            if time.monotonic() >= due:
                del self.stopped[name]
                self.start(name)

    def note_crash(self):
        self.crashes.append(time.time_ns())

    def kill(self, *names):
        """At once, for certain: kill -9."""
        self.note_crash()
        for name in names:
            if name in self.running:
                self.running[name].kill()

    def halt(self, name, number=signal.SIGTERM):
        """Ended, in good order or not, and not started again before `start`."""
        self.note_crash()
        child = self.running.pop(name)
        child.send_signal(number)
        child.wait(30)

    def cut_power(self):
        """The power of all hosts but the clients': every process dies that daemons have started, too."""
        self.kill(*self.running)
        mark = f"{DAEMONS_MARK}={self.modules}".encode()
        found = True
        while found:  # whoever was being started has its environment a moment later
            found = False
            for entry in os.listdir("/proc"):
                with contextlib.suppress(OSError):
                    if not entry.isdigit():
                        continue
                    with open(f"/proc/{entry}/environ", "rb") as file:
                        if mark in file.read().split(b"\0"):
                            os.kill(int(entry), signal.SIGKILL)
                            found = True
        self.note_crash()

    def signal(self, name, number):
        """To a daemon, in good order; one that was stopped for a while counts as crashed: its lease was lost."""
        self.note_crash()
        if name in self.running:
            self.running[name].send_signal(number)

    def fill_disk(self):
        """Until nothing more fits."""
        with open(os.path.join(self.state, "filler"), "ab", buffering=0) as filler:
            for block in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"x" * block) == block:
                        pass

    def free_disk(self):
        os.unlink(os.path.join(self.state, "filler"))

    def order(self, text):
        """A process is to die at a labelled point (schema/base/crash_point.h)."""
        self.withdraw_order()
        with open(self.order_file + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.order_file + ".new", self.order_file)

    def note_hit(self):
        """Whether somebody died by the order, and when."""
        try:
            self.crashes.append(os.stat(self.order_file + ".hit").st_ctime_ns)
            return True
        except FileNotFoundError:
            return False

    def withdraw_order(self):
        was_hit = self.note_hit()
        for file in (self.order_file, self.order_file + ".hit"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)
        return was_hit

    def wait(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.keep()
            if time.monotonic() > deadline:
                raise TestFailure(f"not within {seconds} s: {what}")
            time.sleep(0.01)

    def client(self, *arguments):
        environment = {name: value for name, value in self.environment.items() if name != DAEMONS_MARK}
        return subprocess.Popen([self.programs + "/eris", *arguments], env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                preexec_fn=die_with_parent)

    def deploy(self, version, *arguments):
        """A deployment that somebody watches."""
        return self.client("deploy", "-s", self.path("services.nix"), "-i", self.path("infrastructure.nix"), "-d",
                           self.path("distribution.nix"), "--extra-params",
                           f'{{ version = "{version}"; deadline = {self.deadline}; }}', *self.deploy_options, *arguments)

    def finish(self, client, status, seconds=120):
        try:
            self.wait("the end of " + " ".join(client.args[1:2]), lambda: client.poll() is not None, seconds)
        except TestFailure as failure:
            client.kill()
            raise TestFailure(f"{failure}\n{client.communicate()[0]}") from None
        output = client.communicate()[0]
        if client.returncode not in (status if isinstance(status, tuple) else (status,)):
            raise TestFailure(f"status {client.returncode}, wanted {status}:\n{output}")
        return output

    # What the module was told, and what it says.

    def tell(self, word):
        with open(self.path("modules", word), "w", encoding="utf-8"):
            pass

    def untell(self, word):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path("modules", word))

    def is_held(self, word):
        """Whether that activity of that service (`activate.api`, `deactivate.api-2`) has begun, or that of Nix."""
        activity, _, service = word.partition(".")
        if not service:
            return os.path.exists(self.path("modules", "held." + word))
        name, _, version = service.partition("-")
        return any(call[1:4] == ["begin", activity, name] and version in ("", call[4]) for call in self.calls())

    def runner_on(self, target):
        """The process that runs an activity there."""
        below = self.path("state", "targets", target) + os.sep
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit() and "dysnomia" in os.path.basename(os.readlink(f"/proc/{entry}/exe")):
                    with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                        arguments = file.read()
                    with open(f"/proc/{entry}/task/{entry}/children", encoding="utf-8") as file:
                        is_at_work = file.read().strip()  # one that waits for its next attempt has no module
                    if below in arguments and is_at_work:
                        return int(entry)
        raise TestFailure(f"nothing runs an activity on {target}")

    def forget_calls(self):
        for name in os.listdir(self.path("modules")):
            if name.startswith("held."):
                self.untell(name)
        with open(self.path("modules", "calls"), "w", encoding="utf-8"):
            pass
        self.crashes = []

    def calls(self):
        with open(self.path("modules", "calls"), encoding="utf-8") as file:
            return [line.split() for line in file]

    def active(self):
        services = {}
        for name in os.listdir(self.path("modules", "active")):
            with open(self.path("modules", "active", name), encoding="utf-8") as file:
                services[name] = file.read().strip()
        return services

    def locked(self):
        return os.listdir(self.path("modules", "locked"))

    def print_logs(self):
        for name in self.daemons():
            with open(self.log_of(name), encoding="utf-8", errors="replace") as file:
                print(f"--- {name}\n" + "".join(file.readlines()[-25:]))
        print("--- calls")
        for call in self.calls():
            print(" ".join(call))
