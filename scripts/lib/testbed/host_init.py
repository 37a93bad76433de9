"""The first process of a test host: mounts the host's own file systems, then starts and watches services.

Usage: host_init.py DIRECTORY NAME      (in fresh mount, PID, UTS and IPC namespaces; scripts/testbed does it)

It is what systemd is to a real host, as far as Eris' own units need it: it starts enabled units at boot,
starts one again that died, honours KillMode, and takes orders from host_systemctl.py through a socket. When
it is killed the kernel kills every process of the host at once: a power cut. What is on the host's disk
(DIRECTORY/disk) stays.
"""

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time

from units import Unit, enabled_units

SOCKET = "/run/testbed-init"
STOP_SECONDS = 20


def run(*command):
    subprocess.run(command, check=True)


def overlay(lower, disk, name, target):
    upper, work = f"{disk}/{name}", f"{disk}/.{name}-work"
    for folder in (upper, work, target):
        os.makedirs(folder, exist_ok=True)
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}",
        target)


def bind_own(disk, name, target):
    os.makedirs(f"{disk}/{name}", exist_ok=True)
    os.makedirs(target, exist_ok=True)
    run("mount", "--bind", f"{disk}/{name}", target)


def mount_all(directory, name):
    """The machine's /usr and /etc below what the host writes; everything else is the host's own."""
    disk, root = f"{directory}/disk", f"{directory}/root"
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", root)
    overlay("/usr", disk, "usr", f"{root}/usr")
    overlay("/etc", disk, "etc", f"{root}/etc")
    for own in ("var", "nix", "home", "srv"):
        bind_own(disk, own, f"{root}/{own}")
    bind_own(disk, "root-home", f"{root}/root")
    overlay("/var/lib/dpkg", disk, "dpkg", f"{root}/var/lib/dpkg")
    for link in ("bin", "sbin", "lib", "lib64", "lib32"):
        if os.path.islink(f"/{link}"):
            os.symlink(f"usr/{link}", f"{root}/{link}")
    for folder in ("proc", "sys", "dev", "run", "tmp", "old"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    for folder in ("var/lib", "var/log", "var/tmp", "var/cache"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    run("mount", "-t", "proc", "proc", f"{root}/proc")
    run("mount", "--rbind", "/sys", f"{root}/sys")
    run("mount", "--rbind", "/dev", f"{root}/dev")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", f"{root}/run")
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/tmp")
    shared = f"{directory}/shared-nix"
    if os.path.exists(shared):
        run("mount", "--bind", os.path.realpath(shared), f"{root}/nix")
    os.chdir(root)
    run("pivot_root", ".", "old")
    os.chdir("/")
    run("umount", "-l", "/old")
    socket.sethostname(name)
    with open("/etc/hostname", "w", encoding="utf-8") as file:
        file.write(name + "\n")


def install_shim(folder):
    """`systemctl`, as an operator types it. Before pivot_root: the sources lie on the machine."""
    target = "/usr/local/sbin"
    os.makedirs(target, exist_ok=True)
    with open(f"{target}/systemctl", "w", encoding="utf-8") as file:
        file.write(folder)
    os.chmod(f"{target}/systemctl", 0o755)


class Service:
    """One unit that was started: its process, and whether it is to run."""

    def __init__(self, unit):
        self.unit = unit
        self.process = None
        self.wanted = True
        self.start_at = None  # when it is started again

    def start(self):
        for folder in self.unit.directories():
            os.makedirs(folder, mode=0o700, exist_ok=True)
        log = f"/var/log/{self.unit.name}.log"
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                self.unit.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                env=self.unit.environment(), start_new_session=True)
        self.start_at = None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        self.wanted, self.start_at = False, None
        if not self.alive():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def look(self, now):
        """Starts it again when it died and its unit says so."""
        if not self.wanted or self.alive():
            return
        if self.start_at is None:
            if not self.unit.restarts_after(self.process.returncode):
                self.wanted = False
                return
            self.start_at = now + self.unit.restart_seconds()
        if now >= self.start_at:
            self.start()


class Init:
    def __init__(self):
        self.services = {}
        self.server = socket.socket(socket.AF_UNIX)
        if os.path.exists(SOCKET):
            os.unlink(SOCKET)
        self.server.bind(SOCKET)
        self.server.listen(16)

    def order(self, verb, name):
        """Carries one order out and says how it went."""
        if verb == "ready":
            return "ok"
        service = self.services.get(name)
        if verb in ("stop", "restart") and service:
            service.stop()
        if verb in ("start", "restart") and not (service and service.alive()):
            self.services[name] = service = Service(Unit.load(name))
            service.start()
        if verb == "is-active":
            return "ok active" if service and service.alive() else "error inactive"
        if verb == "main-pid":
            return f"ok {service.process.pid}" if service and service.alive() else "error inactive"
        return "ok"

    def answer(self, connection):
        with connection:
            words = connection.recv(4096).decode().split()
            try:
                reply = self.order(*(words + [""])[:2])
            except (OSError, ValueError, TypeError) as error:
                reply = f"error {error}"
            try:
                connection.sendall(reply.encode())
            except OSError:
                pass  # who asked is gone

    def reap(self):
        """Orphans are children of the first process; those of services are left to subprocess."""
        known = {s.process.pid for s in self.services.values() if s.process}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid in known:
                for service in self.services.values():
                    service.alive()
            else:
                os.waitpid(found.si_pid, 0)

    def loop(self):
        for name in enabled_units():
            self.order("start", name)
        selector = selectors.DefaultSelector()
        selector.register(self.server, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=0.1):
                self.answer(self.server.accept()[0])
            self.reap()
            for service in self.services.values():
                service.look(time.monotonic())


def main():
    directory, name = sys.argv[1:3]
    here = os.path.dirname(os.path.abspath(__file__))
    with open(f"{here}/host_systemctl.py", encoding="utf-8") as file:
        shim = file.read()
    mount_all(directory, name)
    install_shim(shim)
    shutil.rmtree("/old", ignore_errors=True)
    # Whatever is run here finds the host's own programs first, and none of the caller's settings.
    os.environ.clear()
    os.environ.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", HOME="/root", LANG="C.UTF-8")
    Init().loop()


if __name__ == "__main__":
    main()
