"""Goal: bad input is answered with one clear line, the right exit status and no harm to anybody else.

Method: three test hosts with real daemons; wrong models, keys and roles, strangers on the ports of broker and depot, full disks,
second workers, noise and floods with valid keys, a builder that forges, modules that die or flood; after each, the same deployment still works and no daemon was lost.
Usage: hostile_test.py PACKAGE
"""

import os
import sys
import time

from deployments import Deployments
from sites import HERE, Site, TestFailure, run_tests, testbed

STRANGERS = r"""
import random, socket, sys, time
hub = ("hub", int(sys.argv[1]))
generator = random.Random(7)
silent = []
for _ in range(1000):                       # connections that never say anything
    silent.append(socket.create_connection(hub, timeout=5))
greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47)
for number in range(300):                   # noise, and greetings that go wrong in the middle
    peer = socket.create_connection(hub, timeout=5)
    noise = bytes(generator.randrange(256) for _ in range(generator.randrange(1, 400)))
    text = bytearray(greeting + noise)
    for _ in range(generator.randrange(4)):
        text[generator.randrange(len(text))] ^= 1 << generator.randrange(8)
    try:
        peer.sendall(bytes(text) if number % 3 else noise)
        peer.shutdown(socket.SHUT_WR)
    except OSError:
        pass                                # it hung up first
    peer.close()
time.sleep(5)
print("still connected:", len(silent))
"""

MODEL = "cd models && ERIS_TEST_TARGETS=2 eris plan"


def pids(site):
    return {(role, unit): site.run(role, f"systemctl main-pid {unit}", status=None).strip()
            for role, unit in (("hub", "eris-broker"), ("hub", "eris-planner"), ("test1", "eris-worker"))}


def complain(site, role, script, text, status):
    """The failure says what is wrong in a line and what to do in another; no stack trace, no flood."""
    output = site.expect(role, script, text, status)
    if len(output.splitlines()) > 8 or "what():" in output:
        raise TestFailure(f"that is no clear line:\n{output}")


def wrong_models(site):
    names = {"../up": r"\.\./up", "a/b": "a/b", ".": r"\.", "new\\nline": "new"}
    for name, shown in names.items():
        text = ('{ system, pkgs, distribution, invDistribution }: { "%s" = { name = "%s"; type = "echo"; '
                'pkg = derivation { name = "x"; inherit system; builder = "/bin/sh"; }; }; }' % (name, name))
        models = f"printf '%s' '{text}' > /tmp/s.nix; echo '{{ infrastructure }}: {{ \"{name}\" = [ infrastructure.test1 ]; }}' > /tmp/d.nix"
        complain(site, "hub", f"{models}; {MODEL} -s /tmp/s.nix -d /tmp/d.nix", shown, 1)
        target = f"echo '{{ \"{name}\" = {{ properties.hostname = \"h\"; containers.echo = {{ }}; }}; }}' > /tmp/i.nix"
        nowhere = "echo '{ infrastructure }: { data = [ (builtins.head (builtins.attrValues infrastructure)) ]; }' > /tmp/d.nix"
        complain(site, "hub", f"{target}; {nowhere}; {MODEL} -i /tmp/i.nix -d /tmp/d.nix", shown, 1)
    complain(site, "hub", "echo '{' > /tmp/s.nix; " + MODEL + " -s /tmp/s.nix", "s.nix", 1)
    complain(site, "hub", MODEL + " -s /tmp/absent.nix", "absent.nix", 1)
    complain(site, "hub", "head -c 100000 /dev/urandom > /tmp/m.json; eris plan -D /tmp/m.json", "m.json", 1)
    complain(site, "hub", "head -c 200000 /dev/zero | tr '\\0' '[' > /tmp/m.json; eris plan -D /tmp/m.json", "m.json", 1)
    complain(site, "hub", MODEL + " -p ../default", r"\.\./default", 1)


def wrong_keys(site):
    complain(site, "hub", "eris key generate /root/stranger.key >/dev/null && eris status --key /root/stranger.key "
             "--connect-timeout 3", "key|broker", 4)
    complain(site, "test1", f"eris status --endpoint tcp://hub:7117 --key /etc/eris/worker.key --connect-timeout 3 "
             f"--server-key '{site.server_key}'", "client|may not|role|key", 4)
    complain(site, "hub", "chmod 644 /root/stranger.key; eris status --key /root/stranger.key", "chmod 600", 1)
    complain(site, "hub", "eris status --endpoint tcp://hub:9 --connect-timeout 1", "broker|hub:9", 4)
    complain(site, "hub", "eris key authorize /etc/eris/client.key --name ../../evil --role client --level read",
             "name", 1)
    complain(site, "hub", "eris key revoke ../client", "name|key", 1)
    complain(site, "hub", "eris query nowhere --wait 1", "nowhere: it is not connected", 2)


def strangers_on_the_ports(site, deployments):
    """Of broker and depot, at the same time; while they are there, others deploy."""
    watching = [site.start("test1", f"ulimit -n 4096; python3 -c '{STRANGERS}' {port}") for port in (7117, 7118)]
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")
    deployments.install()
    for one in watching:
        output = site.finish(one, timeout=60)
        if "still connected: 1000" not in output:
            raise TestFailure(output)


def authorised_peers(site, deployments):
    """Noise with valid keys on broker and depot, and a flood that never reads an answer; meanwhile others deploy."""
    for role in ("hub", "test1"):
        testbed("copy", os.path.join(HERE, "peer.py"), site.hosts[role], "/root/peer.py", directory=site.directory)
        testbed("copy", os.path.join(HERE, "../golden/wire"), site.hosts[role], "/root/wire", directory=site.directory)
    depot_key = site.run("hub", "sed -n 's/^public //p' /etc/eris/planner.key").strip()
    noisy = [("hub", "noise", "tcp://hub:7117", site.server_key, "client.key"),
             ("hub", "flood", "tcp://hub:7117", site.server_key, "client.key"),
             ("test1", "noise", "tcp://hub:7117", site.server_key, "worker.key"),
             ("test1", "noise", "tcp://hub:7118", depot_key, "worker.key")]
    lines = {unit: len(site.read_log("hub", unit).splitlines()) for unit in ("eris-broker", "eris-planner")}
    started = time.monotonic()
    peers = [site.start(role, f"python3 /root/peer.py {mode} {endpoint} '{key}' /etc/eris/{file} /root/wire 8")
             for role, mode, endpoint, key, file in noisy]
    deployments.install()
    for peer in peers:
        print("ok: " + site.finish(peer, timeout=120).strip().splitlines()[-1], flush=True)
    seconds = time.monotonic() - started
    for unit, before in lines.items():
        written = len(site.read_log("hub", unit).splitlines()) - before
        if written > 60 * seconds + 500:
            raise TestFailure(f"{unit} wrote {written} lines in {seconds:.0f} s")
        print(f"ok: {unit} wrote {written} lines in {seconds:.0f} s", flush=True)
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")


# In place of nix-store: what the builder sends of a large path is cut off, or has a byte flipped.
FORGING = r"""#!/usr/bin/python3
import os, subprocess, sys
real = ["/usr/bin/nix-store", *sys.argv[1:]]
if "--serve" not in sys.argv:
    os.execv(real[0], real)
child = subprocess.Popen(real, stdout=subprocess.PIPE)
passed = 0
while True:
    part = bytearray(os.read(child.stdout.fileno(), 65536))
    if not part:
        break
    passed += len(part)
    if passed > 600000 and MODE == "cut":
        child.kill()
        with open("/root/cut", "a+") as file:   # how often
            file.seek(0)
            times = int(file.read() or 0) + 1
            file.truncate(0)
            file.write(str(times))
        sys.exit(1)
    if passed > 600000 and MODE == "forge":
        part[len(part) // 2] ^= 1
    os.write(1, part)
"""


def has_registered(site, version):
    text = site.run("hub", f"nix-store --verify --check-contents 2>&1 && nix-store --dump-db | grep -c -- '-data-{version}$'",
                    status=None)
    return text.strip().splitlines()[-1] != "0"


def forging_builder(site, deployments):
    """What it pushes is not what it announced, or ends too early: the hub registers nothing of it."""
    def install_wrapper(mode):
        text = FORGING.replace("MODE", f'"{mode}"')
        site.run("builder", f"cat > /usr/local/bin/nix-store <<'END'\n{text}END\nchmod 755 /usr/local/bin/nix-store")

    before = deployments.running
    install_wrapper("forge")
    deployments.version += 1
    output = site.run("hub", deployments.command('megabytes = "2";', "--wait 5"), status=2)
    print(f"ok: forged: {output.strip().splitlines()[-1][:160]}", flush=True)
    if has_registered(site, deployments.version):
        raise TestFailure("the hub has registered what was forged")
    deployments.running = before
    install_wrapper("cut")
    transaction = deployments.start('megabytes = "2";')
    site.wait_for("builder", "cat /root/cut", "2")
    if has_registered(site, deployments.version):
        raise TestFailure("the hub has registered what was cut off")
    site.run("builder", "rm /usr/local/bin/nix-store")
    deployments.end(deployments.watch(transaction))
    print("ok: cut off: it was sent again, and then whole", flush=True)


def adopt_a_target(site, deployments):
    """Whose disk was lost: refused with one line that says what to do, also by a broker that was restarted."""
    site.run("test1", "systemctl stop eris-worker; rm -rf /var/lib/eris/worker")
    site.run("hub", "systemctl restart eris-broker")
    refused = "timeout 5 eris-worker --config /etc/eris/worker.toml"
    site.expect("test1", refused, "known with another ledger.*eris targets adopt", status=None)
    complain(site, "hub", "eris targets adopt test2", "a worker serves target 'test2' now", 1)
    complain(site, "hub", "eris targets adopt nowhere", "known by no ledger", 1)
    site.expect("hub", "eris targets adopt test1", "begins anew")
    site.run("test1", "systemctl start eris-worker")
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")
    deployments.install()


def second_workers(site):
    site.expect("test1", "eris-worker --config /etc/eris/worker.toml", "in use by another process", status=1)
    other = "sed 's|/var/lib/eris/worker|/var/lib/eris/other|' /etc/eris/worker.toml > /root/other.toml; "
    site.expect("test1", other + "timeout 5 eris-worker --config /root/other.toml", "known with another ledger.*eris targets adopt", status=None)
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")


def bad_modules(site, deployments):
    """Each fails its activation; the upgrade is rolled back and everybody runs what ran before."""
    for what in ("kill -9 \\$\\$", "yes | head -c 80000000", "head -c 3000000 /dev/urandom; exit 3"):
        transaction = deployments.start(f'failing = "api"; fails = "{what}";')
        transcript = deployments.end(deployments.watch(transaction), statuses=(2,))
        print(f"ok: {what}: " + transcript.strip().splitlines()[-1][:120], flush=True)


def full_disks(site, deployments):
    """The target's, the builder's and the hub's disk during a deployment; with room again everything works."""
    for role in ("test1", "builder", "hub"):
        site.run(role, "dd if=/dev/zero of=/srv/full bs=1M 2>/dev/null; true")
        before = deployments.running
        deployments.version += 1
        # Whatever comes of it, and however long it would wait for room: nothing may be lost by it.
        command = deployments.command("", "--wait 5").replace("eris deploy", "timeout 20 eris deploy")
        print(site.run("hub", command, status=None), flush=True)
        site.run(role, "rm /srv/full")
        site.wait_for("hub", "eris targets", r"target\.test1 +connected")
        deployments.running = before
        deployments.install()


def withstand():
    with Site(sys.argv[1], ["test1", "test2"]) as site:
        deployments = Deployments(site)
        deployments.install()
        before = pids(site)
        wrong_models(site)
        wrong_keys(site)
        strangers_on_the_ports(site, deployments)
        second_workers(site)
        authorised_peers(site, deployments)
        if pids(site) != before:
            raise TestFailure(f"a daemon was lost: {before} became {pids(site)}")
        deployments.install()
        forging_builder(site, deployments)
        bad_modules(site, deployments)
        adopt_a_target(site, deployments)
        full_disks(site, deployments)


if __name__ == "__main__":
    run_tests(withstand)
