"""A site on test hosts: hub, builder and targets, set up by what the manual tells an operator to type."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

from manual import ROOT, typed

SKIPPED = 77
TESTBED = os.path.join(ROOT, "scripts/testbed")
HERE = os.path.dirname(os.path.abspath(__file__))


class TestFailure(Exception):
    """A promise that was not kept."""


def testbed(*arguments, directory, check=True, timeout=120):
    done = subprocess.run([TESTBED, "--dir", directory, *arguments], capture_output=True, text=True,
                          errors="backslashreplace", timeout=timeout, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise TestFailure(f"testbed {' '.join(arguments[:6])}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def require_test_hosts():
    """Ends the test as skipped, with the reason, where this machine refuses (ERIS_REQUIRE_TESTBED: as failed)."""
    done = testbed("probe", directory="/tmp", check=False)
    if done.returncode != 0:
        print(done.stderr.strip())
        sys.exit(SKIPPED if done.returncode == SKIPPED else 1)


class Site:
    """Use as a context: the hosts are gone afterwards. `roles` are the hosts' names, hub first."""

    def __init__(self, package, targets):
        self.package = package
        self.targets = targets
        self.directory = tempfile.mkdtemp(prefix="eris-hosts-", dir="/tmp")
        self.hosts = {}
        self.server_key = ""

    def __enter__(self):
        try:
            roles = ["hub", "builder", *self.targets]
            lines = testbed("up", str(len(roles)), directory=self.directory).stdout.splitlines()
            self.hosts = dict(zip(roles, (line.split()[0] for line in lines)))
            self.addresses = dict(zip(roles, (line.split()[1] for line in lines)))
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if sys.exc_info()[0] is not None and sys.exc_info()[0] is not SystemExit:
            self.print_logs()
        testbed("down", directory=self.directory, check=False)

    def print_logs(self):
        for role in self.hosts:
            for unit in ("broker", "planner", "worker"):
                text = self.read_log(role, f"eris-{unit}")
                if text:
                    print(f"--- {role} eris-{unit}\n" + "\n".join(text.splitlines()[-25:]))

    # What a person does on a machine.

    def run(self, role, script, status=0, timeout=120, **words):
        """Types a script on a machine; its output. `words` are the operator's variables."""
        assignments = [f"{name}={value}" for name, value in words.items()]
        done = testbed("exec", self.hosts[role], "env", *assignments, "bash", "-c", script,
                       directory=self.directory, check=False, timeout=timeout)
        output = done.stdout + done.stderr
        if status is not None and done.returncode != status:
            raise TestFailure(f"on {role}: {script}\nstatus {done.returncode}, wanted {status}\n{output}")
        return output

    def start(self, role, script):
        """The same in the background; `finish` waits for it."""
        return subprocess.Popen([TESTBED, "--dir", self.directory, "exec", self.hosts[role], "bash", "-c", script],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                stdin=subprocess.DEVNULL)

    def finish(self, process, status=0, timeout=120):
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            raise TestFailure(f"still runs after {timeout} s:\n{output}") from None
        if status is not None and process.returncode != status:
            raise TestFailure(f"status {process.returncode}, wanted {status}:\n{output}")
        return output

    def expect(self, role, script, text, status=0, timeout=120):
        output = self.run(role, script, status, timeout)
        if not re.search(text, output):
            raise TestFailure(f"on {role}: {script}\nno '{text}' in:\n{output}")
        print(f"ok: {role}$ {script}", flush=True)
        return output

    def wait_for(self, role, script, text, timeout=60):
        """Until the output of the script holds the text."""
        deadline = time.monotonic() + timeout
        while True:
            output = self.run(role, script, status=None)
            if re.search(text, output):
                return output
            if time.monotonic() > deadline:
                raise TestFailure(f"on {role}: {script}\nnever said '{text}':\n{output}")
            time.sleep(0.2)

    def read_log(self, role, unit):
        path = os.path.join(self.directory, self.hosts[role], "disk/var/log", unit + ".log")
        with contextlib.suppress(FileNotFoundError):
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
        return ""

    def disturb(self, *arguments):
        """A verb of scripts/testbed, with roles for hosts."""
        words = [self.hosts.get(word, word) for word in arguments]
        print("-- " + " ".join(arguments), flush=True)
        return testbed(*words, directory=self.directory).stdout

    # Setting up.

    def set_up(self):
        for role in self.hosts:
            self.prepare(role)
        self.server_key = self.run("hub", typed("on hub")).splitlines()[-1]
        for target in self.targets:
            self.add_target(target)
        self.add_worker("builder", typed("on the builder"), typed("on hub, for the builder"))
        self.wait_for("hub", "eris targets", r"builder\.x86_64-linux +connected")
        for target in self.targets:
            self.wait_for("hub", "eris targets", rf"target\.{target} +connected")

    def prepare(self, role):
        names = "".join(f"{address} {name}\n" for name, address in self.addresses.items())
        testbed("copy", self.package, self.hosts[role], "/root/eris_new.deb", directory=self.directory)
        self.run(role, f"printf %s {shlex.quote(names)} >> /etc/hosts")
        self.run(role, typed("on every machine"))

    def join(self, target):
        """A fresh host becomes a target of the running site."""
        self.hosts[target] = testbed("add", directory=self.directory).stdout.strip()
        lines = testbed("list", directory=self.directory).stdout.splitlines()
        self.addresses[target] = next(l.split()[1] for l in lines if l.split()[0] == self.hosts[target])
        for role in self.hosts:
            if role != target:
                self.run(role, f"echo {self.addresses[target]} {target} >> /etc/hosts")
        self.prepare(target)
        self.add_target(target)
        self.wait_for("hub", "eris targets", rf"target\.{target} +connected")

    def add_target(self, target):
        self.add_worker(target, typed("on each target"), typed("on hub, for each target"))

    def add_worker(self, role, on_worker, on_hub):
        key = self.run(role, on_worker, NAME=role, SERVER_KEY=self.server_key).splitlines()[-1]
        self.run("hub", on_hub, NAME=role, KEY=key)
        self.run(role, typed("on each worker"))

    def move(self, role, address):
        """Another address, which everybody's names follow."""
        self.disturb("address", role, address)
        self.addresses[role] = address
        for other in self.hosts:
            self.run(other, f"sed -i 's/^.* {role}$/{address} {role}/' /etc/hosts")

    def copy_models(self):
        """The example, with these hosts as its infrastructure."""
        testbed("copy", os.path.join(ROOT, "examples/three-tier"), self.hosts["hub"], "/root/models",
                directory=self.directory)
        testbed("copy", os.path.join(HERE, "infrastructure.nix"), self.hosts["hub"],
                "/root/models/infrastructure.nix", directory=self.directory)


def run_tests(*tests):
    """Each test is a function without arguments; the first failure ends the program."""
    require_test_hosts()
    for test in tests:
        started = time.monotonic()
        print(f"== {test.__name__}", flush=True)
        try:
            test()
        except TestFailure as failure:
            print(f"FAILED {test.__name__}: {failure}", flush=True)
            sys.exit(1)
        print(f"== {test.__name__}: passed in {time.monotonic() - started:.1f} s", flush=True)
