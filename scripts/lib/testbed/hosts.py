"""Test hosts: namespaces that stand for machines with an address, a file system and processes of their own.

A testbed is a directory (DIRECTORY/HOST/disk is what a host's disk holds) and a network namespace for the
bridge, so that many testbeds with the same addresses can be up on one machine.
"""

import os
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT_SECONDS = 30
PYTHON = "/usr/bin/python3"  # Debian's: hosts have it, too


class Refused(Exception):
    """The kernel, or who called, does not allow test hosts. The text is the reason."""


class Failed(Exception):
    """What was asked for did not work. The text says what."""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def quietly(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def probe():
    """Raises Refused with the reason when this machine cannot have test hosts."""
    if os.geteuid() != 0:
        raise Refused("test hosts need root: namespaces, mounts and a bridge")
    for program in ("ip", "unshare", "nsenter", "pivot_root", "nft"):
        if shutil.which(program) is None:
            raise Refused(f"'{program}' is not installed: scripts/setup installs it")
    if not any(line.split()[-1] == "overlay" for line in open("/proc/filesystems", encoding="utf-8")):
        raise Refused("this kernel has no overlay file system")
    name = f"eris-probe-{os.getpid()}"
    try:
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "add", "name", "br0", "type", "bridge")
        run("ip", "-n", name, "link", "add", "name", "v1", "type", "veth", "peer", "name", "v2")
        run("ip", "netns", "exec", name, "nft", "add", "table", "bridge", "probe")
        run("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
    except Failed as error:
        raise Refused(f"this kernel refuses: {error}") from error
    finally:
        quietly("ip", "netns", "del", name)


class Testbed:
    """Owned by one caller at a time. Hosts are h1, h2, ...; everything about them is in the directory."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        # Names of network namespaces are the machine's: the directory makes ours unique.
        self.prefix = "eris-" + os.path.basename(self.directory)
        self.net = f"{self.prefix}-net"

    def names(self):
        if not os.path.isdir(self.directory):
            return []
        return sorted((n for n in os.listdir(self.directory) if n[0] == "h" and n[1:].isdigit()),
                      key=lambda n: int(n[1:]))

    def namespace(self, host):
        return f"{self.prefix}-{host}"

    def path(self, host, *parts):
        if host not in self.names():
            raise Failed(f"there is no host '{host}' (there are: {', '.join(self.names()) or 'none'})")
        return os.path.join(self.directory, host, *parts)

    def read(self, host, name):
        try:
            with open(self.path(host, name), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def write(self, host, name, text):
        with open(self.path(host, name), "w", encoding="utf-8") as file:
            file.write(text + "\n")

    # Up and down.

    def up(self, count, disk, shared_store):
        if self.names():
            raise Failed(f"{self.directory}: a testbed is there already (`scripts/testbed down`)")
        probe()
        os.makedirs(self.directory, exist_ok=True)
        try:
            run("ip", "netns", "add", self.net)
            run("ip", "-n", self.net, "link", "set", "lo", "up")
            run("ip", "-n", self.net, "link", "add", "name", "br0", "type", "bridge")
            run("ip", "-n", self.net, "link", "set", "br0", "up")
            run("ip", "netns", "exec", self.net, "nft", "add table bridge testbed; add chain bridge testbed "
                "forward { type filter hook forward priority 0; policy accept; }")
            for _ in range(count):
                self.add(disk, shared_store)
        except (Failed, OSError):
            self.down()
            raise

    def add(self, disk, shared_store):
        """One more host, booted; its name."""
        number = len(self.names()) + 1
        host = f"h{number}"
        os.makedirs(f"{self.directory}/{host}/root")
        os.makedirs(f"{self.directory}/{host}/disk")
        run("mount", "-t", "tmpfs", "-o", f"size={disk},mode=755", "tmpfs", self.path(host, "disk"))
        if shared_store:
            os.makedirs(f"{self.directory}/nix", exist_ok=True)
            os.symlink(f"{self.directory}/nix", self.path(host, "shared-nix"))
        space = self.namespace(host)
        run("ip", "netns", "add", space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", self.net, "link", "add", "name", host, "type", "veth", "peer", "name", "eth0", "netns", space)
        run("ip", "-n", self.net, "link", "set", host, "master", "br0", "up")
        self.set_address(host, f"10.77.0.{number}")
        self.boot(host)
        return host

    def down(self):
        for host in self.names():
            self.power_cut(host)
            self.stop_slow_link(host)
            quietly("ip", "netns", "del", self.namespace(host))
            quietly("umount", "-l", self.path(host, "disk"))
        quietly("ip", "netns", "del", self.net)
        shutil.rmtree(self.directory, ignore_errors=True)

    # Power.

    def boot(self, host):
        if self.running(host):
            raise Failed(f"{host} runs already")
        self.link(host, "up")
        with open(self.path(host, "console.log"), "ab") as console:
            starter = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace(host), "unshare", "--mount", "--pid", "--uts", "--ipc",
                 "--fork", PYTHON, "-u", f"{HERE}/host_init.py", self.path(host), host],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            children = f"/proc/{starter.pid}/task/{starter.pid}/children"
            if starter.poll() is None and os.path.exists(children):
                with open(children, encoding="utf-8") as file:
                    pid = file.read().strip()
                if pid:
                    self.write(host, "init.pid", pid)
                    if self.is_ready(host):
                        return
            if starter.poll() is not None:
                break
            time.sleep(0.05)
        with open(self.path(host, "console.log"), encoding="utf-8", errors="replace") as console:
            raise Failed(f"{host} does not boot: {console.read()[-2000:]}")

    def is_ready(self, host):
        try:
            return self.execute(host, ["systemctl", "ready"], quiet=True) == 0
        except Failed:  # while init is being executed its command line is empty for an instant
            return False

    def init_pid(self, host):
        text = self.read(host, "init.pid")
        if not text:
            return None
        try:
            with open(f"/proc/{text}/cmdline", encoding="utf-8") as file:
                return int(text) if "host_init.py" in file.read() else None
        except (FileNotFoundError, ProcessLookupError):
            return None

    def running(self, host):
        return self.init_pid(host) is not None

    def power_cut(self, host):
        """Every process of the host is gone at once; what it wrote stays."""
        pid = self.init_pid(host)
        if pid is None:
            return
        self.link(host, "down")  # without power nobody answers, not even with a refusal
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + BOOT_SECONDS
        while self.running(host) and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.running(host):
            raise Failed(f"{host} does not die")

    def enter(self, host):
        """The words that run a command on the host."""
        pid = self.init_pid(host)
        if pid is None:
            raise Failed(f"{host} is switched off (`scripts/testbed boot {host}`)")
        # Environment as after a login: nothing of the machine's.
        return ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--root",
                "--wdns=/root", "env", "-i", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"]

    def execute(self, host, command, quiet=False):
        sink = subprocess.DEVNULL if quiet else None
        return subprocess.run(self.enter(host) + command, stdout=sink, stderr=sink, check=False).returncode

    # Network.

    def address(self, host):
        return self.read(host, "address")

    def set_address(self, host, address):
        space = self.namespace(host)
        run("ip", "-n", space, "address", "flush", "dev", "eth0")
        run("ip", "-n", space, "address", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", space, "link", "set", "eth0", "up")
        self.write(host, "address", address)

    def link(self, host, state):
        self.path(host)
        run("ip", "-n", self.net, "link", "set", host, state)

    def block(self, source, sink):
        """Nothing from the address of `source` comes to that of `sink` any more; the other way is open."""
        run("ip", "netns", "exec", self.net, "nft",
            f"add rule bridge testbed forward ip saddr {self.address(source)} ip daddr {self.address(sink)} drop")

    def unblock(self):
        run("ip", "netns", "exec", self.net, "nft", "flush chain bridge testbed forward")

    def slow(self, host, delay_ms, loss_percent):
        """Delay and loss in both directions, by netem where the kernel has it. Returns by what."""
        self.fast(host)
        netem = quietly("ip", "netns", "exec", self.net, "tc", "qdisc", "add", "dev", host, "root", "netem",
                        "delay", f"{delay_ms}ms", "loss", f"{loss_percent}%")
        if netem.returncode == 0:
            run("ip", "netns", "exec", self.namespace(host), "tc", "qdisc", "add", "dev", "eth0", "root", "netem",
                "delay", f"{delay_ms}ms", "loss", f"{loss_percent}%")
            return "tc netem"
        run("ip", "-n", self.net, "link", "add", "name", f"{host}-a", "type", "veth", "peer", "name", f"{host}-b")
        run("ip", "-n", self.net, "link", "set", f"{host}-b", "up")
        run("ip", "-n", self.net, "link", "set", host, "nomaster")
        run("ip", "-n", self.net, "link", "set", f"{host}-a", "master", "br0", "up")
        relay = subprocess.Popen(
            ["ip", "netns", "exec", self.net, PYTHON, f"{HERE}/slow_link.py", host, f"{host}-b",
             str(delay_ms), str(loss_percent), host[1:]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        self.write(host, "slow.pid", str(relay.pid))
        return "a relay of frames (this kernel has no netem)"

    def fast(self, host):
        self.stop_slow_link(host)
        quietly("ip", "netns", "exec", self.net, "tc", "qdisc", "del", "dev", host, "root")
        quietly("ip", "netns", "exec", self.namespace(host), "tc", "qdisc", "del", "dev", "eth0", "root")
        quietly("ip", "-n", self.net, "link", "del", f"{host}-a")
        run("ip", "-n", self.net, "link", "set", host, "master", "br0", "up")

    def stop_slow_link(self, host):
        text = self.read(host, "slow.pid")
        if not text:
            return
        try:
            with open(f"/proc/{text}/cmdline", encoding="utf-8") as file:
                if "slow_link.py" in file.read():
                    os.kill(int(text), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass
        os.unlink(self.path(host, "slow.pid"))
