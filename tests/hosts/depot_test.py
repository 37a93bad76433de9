"""Goal: hosts with stores of their own get what they need from the depot, and nothing else, whatever happens to them.

Method: four test hosts; what each store holds is looked at after deployments, between which garbage is collected in
every phase, cables are cut and keys revoked and replaced while a large path travels; a client deploys from
a machine with a store of its own.
Usage: depot_test.py PACKAGE
"""

import os
import re
import sys
import time

from deployments import SLOW, Deployments
from manual import ROOT, typed
from sites import HERE, Site, TestFailure, run_tests, testbed

# Takes some seconds: time enough to disturb it.
MEGABYTES = 320
LARGE = f'megabytes = "{MEGABYTES}";'
SYSTEMS = 'systems = ["x86_64-linux"]'
MEMORY_KB = 64 * 1024
DERIVATIONS = "ls /nix/store | grep -c '\\.drv$'"


def packages(site, role):
    """The packages of the test's services that are valid in a host's store, by service and version."""
    text = site.run(role, "nix-store --dump-db")
    return set(re.findall(r"^/nix/store/[a-z0-9]{32}-((?:data|api)-\d+)$", text, re.MULTILINE))


def has_built(site, role, package):
    """Whether Nix keeps a log of building it there."""
    return site.run(role, f"find /nix/var/log/nix/drvs -name '*-{package}.drv*'", status=None).strip() != ""


def expect(truth, what):
    if not truth:
        raise TestFailure(what)
    print("ok: " + what, flush=True)


def everybody_has_what_it_needs(site, deployments):
    deployments.install()
    version = deployments.version
    built = {f"data-{version}", f"api-{version}"}
    expect(packages(site, "builder") == built, "the builder has what it built")
    expect(packages(site, "hub") == built, "the builder has brought it to the hub")
    expect(packages(site, "test1") == {f"data-{version}"}, "a target has its own services")
    expect(packages(site, "test2") == {f"api-{version}"}, "and nobody else's")
    for target in site.targets:
        expect(site.run(target, DERIVATIONS, status=None).strip() == "0", f"no derivation is on {target}")
    for role in site.hosts:
        site.run(role, "nix-store --verify --check-contents 2>&1")


def targets_build_for_themselves(site, deployments):
    """Built where it runs, it stays there: nobody is given what a target made that is trusted for no queue of builders."""
    deployments.install("--build-on-targets")
    version = deployments.version
    built = {f"data-{version}", f"api-{version}"}
    expect(f"data-{version}" in packages(site, "test1"), "a target built its own service, which stays there")
    expect(not built & (packages(site, "builder") | packages(site, "hub")), "nobody else built it or was given it")
    site.run("hub", deployments.command('swapped = "1";', ""))
    expect(built <= packages(site, "builder"), "for another target the builder builds it")
    expect(built <= packages(site, "test1") & packages(site, "test2"), "and the targets have each other's services")
    deployments.install("--build-on-targets")
    path = site.run("test1", f"ls -d /nix/store/*-data-{deployments.version}").strip()
    expect(f"data-{deployments.version}" not in packages(site, "hub"), "the hub does not have it")
    site.run("hub", f"eris copy-closure --from test1 {path}")
    expect(f"data-{deployments.version}" in packages(site, "hub"), "unless an operator asks for it")
    site.run("hub", "nix-store --verify --check-contents 2>&1")
    deployments.install()


def give_key(site, authorize):
    """A new key for test1, which its worker has from here on."""
    key = site.run("test1", "rm -f /etc/eris/worker.key; eris key generate /etc/eris/worker.key").strip()
    site.run("hub", authorize, NAME="test1", KEY=key)
    site.run("test1", "systemctl restart eris-worker")
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")


def trusted_targets_build_for_others(site, deployments):
    """What a target made whose key is trusted with builds goes to the hub, too, and nobody builds it again."""
    for_targets = typed("on hub, for each target")
    site.run("hub", "eris key revoke test1")
    site.run("test1", f"echo '{SYSTEMS}' >> /etc/eris/worker.toml")
    give_key(site, for_targets.rstrip() + " --queue builder.x86_64-linux")
    deployments.install("--build-on-targets")
    version = deployments.version
    expect(f"data-{version}" in packages(site, "hub"), "what a trusted target built is on the hub")
    expect(f"api-{version}" not in packages(site, "hub"), "and nothing of a target that is not trusted")
    site.run("hub", "eris key revoke test1")
    site.run("test1", "sed -i '/^systems/d' /etc/eris/worker.toml")
    give_key(site, for_targets)
    site.run("hub", deployments.command('swapped = "1";', ""))
    expect(f"data-{version}" in packages(site, "test2"), "another target is given it")
    expect(has_built(site, "builder", f"api-{version}"), "the builder builds what nobody has brought")
    expect(not has_built(site, "builder", f"data-{version}"), "and starts from what the hub has")
    deployments.install()


def collect_garbage(site, deployments):
    """On every host, again and again while one deployment runs: it loses nothing that it needs."""
    watching = deployments.watch(deployments.start(SLOW))
    rounds = 0
    while watching.poll() is None:
        for role in site.hosts:
            site.run(role, "nix-store --gc > /dev/null 2>&1")
        rounds += 1
    deployments.end(watching)
    expect(rounds > 1, f"garbage was collected {rounds} times in mid-deployment")
    for target in site.targets:
        site.run(target, "nix-store --gc > /dev/null 2>&1")
    deployments.judge(0)
    expect(packages(site, "test1") >= {f"data-{deployments.version}"}, "what runs outlives a garbage collection")


def transferring(site, transaction, timeout=60):
    """Waits until a part of the large path is on its way to test1."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        text = site.run("test1", "cat /proc/net/dev | grep eth0", status=None)
        if int(text.split(":")[1].split()[0]) > transferring.before + 8_000_000:
            return
        time.sleep(0.1)
    raise TestFailure(f"transaction {transaction} transfers nothing")


def start_large(site, deployments, options=""):
    text = site.run("test1", "cat /proc/net/dev | grep eth0")
    transferring.before = int(text.split(":")[1].split()[0])
    transaction = deployments.start(LARGE, options)
    transferring(site, transaction)
    return transaction


def cut_a_transfer(site, deployments):
    """The transfer goes on when the cable is back, and the memory of both ends stays small."""
    transaction = start_large(site, deployments)
    watching = deployments.watch(transaction)
    site.disturb("link", "test1", "down")
    time.sleep(3)
    site.disturb("link", "test1", "up")
    site.run("test1", "kill -STOP $(systemctl main-pid eris-worker)")  # a reader that does not read
    time.sleep(3)
    site.run("test1", "kill -CONT $(systemctl main-pid eris-worker)")
    deployments.end(watching)
    for role, unit in (("hub", "eris-planner"), ("test1", "eris-worker")):
        pid = site.run(role, f"systemctl main-pid {unit}").strip()
        peak = int(re.search(r"VmHWM:\s+(\d+)", site.run(role, f"cat /proc/{pid}/status")).group(1))
        expect(peak < MEMORY_KB, f"{unit} of {role} needed {peak // 1024} MB for a path of {MEGABYTES} MB")


def sessions_of(site, name):
    return len(re.findall(rf"session\.opened.*name={name}\b", site.read_log("hub", "eris-broker")))


def revoke_and_replace_a_key(site, deployments):
    """Whose key is revoked is cut off in the middle; the new one is let in; nobody else notices."""
    others = sessions_of(site, "test2")
    expect(others > 0, "the broker logs its sessions")
    before = deployments.running
    # However fast the machine, the path is still on its way when the broker reads its keys again.
    print(site.disturb("slow", "test1", "--delay-ms", "200", "--loss-percent", "0").strip())
    transaction = start_large(site, deployments, "--wait 2")
    watching = deployments.watch(transaction)
    site.run("hub", "eris key revoke test1")
    site.wait_for("hub", "eris targets", r"target\.test1 +(?!connected)")
    deployments.running = before
    deployments.end(watching, statuses=(2,))
    site.disturb("fast", "test1")
    expect(not packages(site, "test1") & {f"data-{deployments.version}"}, "who was shut out got nothing more")
    give_key(site, typed("on hub, for each target"))
    deployments.install()
    expect(sessions_of(site, "test2") == others, "the others' sessions were not disturbed")


def client_elsewhere(site, deployments):
    """A client with a store of its own brings the derivations, also while the planner is away."""
    digest_key = site.run("hub", "cat /etc/eris/digest.key").strip()
    key = site.run("test2", typed("on each client"), SERVER_KEY=site.server_key, DIGEST_KEY=digest_key)
    site.run("hub", typed("on hub, for each client"), NAME="developer", KEY=key.splitlines()[-1])
    testbed("copy", os.path.join(HERE, "models"), site.hosts["test2"], "/root/models", directory=site.directory)
    output = deployments.install(role="test2")
    expect("uploading" in output, "the client uploads what the planner lacks")
    expect(derivations_of(site, deployments.version) != "0", "the planner's store has it")
    site.run("hub", "systemctl stop eris-planner")
    submission = deployments.start("", role="test2")
    expect(derivations_of(site, deployments.version) == "0", "while the planner is away the broker keeps it")
    site.run("hub", "systemctl restart eris-broker; systemctl start eris-planner")
    site.wait_for("hub", f"eris status {submission}", r"deploy")
    deployments.end(deployments.watch(submission))
    expect(derivations_of(site, deployments.version) != "0", "the planner took it in when it was back")


# What the mirror needs beside what the manual says: servers of HTTPS and of ssh, both with a record.
SERVE_HTTPS = """set -e
nix --extra-experimental-features nix-command copy --to 'file:///srv/cache?compression=none' $PATHS
cd /srv
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hub -days 2 \\
  -addext subjectAltName=DNS:hub -keyout tls.key -out tls.crt 2> /dev/null
cat > https.py <<END
import functools, http.server, ssl
serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv/cache")
server = http.server.ThreadingHTTPServer(("", 443), serve)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("tls.crt", "tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
setsid python3 -u https.py > https.log 2>&1 < /dev/null &
cat tls.crt"""
SERVE_SSH = """set -e
echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd
install -d -m 755 /run/sshd
ssh-keygen -q -t ed25519 -N '' -f /srv/host_key
printf 'command="nix-store --serve | tee -a /srv/sent" %s\\n' "$KEY" > /srv/authorized_keys
printf '%s\\n' 'HostKey /srv/host_key' 'AuthorizedKeysFile /srv/authorized_keys' 'StrictModes no' > /srv/sshd_config
LD_LIBRARY_PATH=$(echo /root/sshd/usr/lib/*-linux-gnu) /root/sshd/usr/sbin/sshd -f /srv/sshd_config -E /srv/sshd.log
cat /srv/host_key.pub"""


def mirrors(site, deployments):
    """What a target's `substituters` name is asked before the depot: test1 a cache over HTTPS, test2 a store over ssh."""
    key = site.run("hub", typed("on a mirror")).strip()
    for target in site.targets:
        site.run(target, typed("on each target with a mirror"), MIRROR_KEY=key)
    deployments.version += 1
    version = deployments.version
    site.run("hub", deployments.command("", "").replace("eris deploy", "eris build"))
    expect({f"data-{version}", f"api-{version}"} <= packages(site, "hub"), "the mirror has built what will be deployed")
    paths = [site.run("hub", f"ls -d /nix/store/*-{name}-{version}").strip() for name in ("data", "api")]
    certificate = site.run("hub", SERVE_HTTPS, PATHS=" ".join(paths))
    site.run("test1", "cat > /etc/eris/authority.crt <<END\n" + certificate + "END\n" +
             typed("on each target with a mirror of an authority of your own"), AUTHORITY="/etc/eris/authority.crt")
    user_key = site.run("test2", typed("on each target with a mirror over ssh").replace("$HOST_KEY", "later")).strip()
    testbed("copy", os.path.join(ROOT, "build/servers/sshd"), site.hosts["hub"], "/root/sshd", directory=site.directory)
    host_key = site.run("hub", SERVE_SSH, KEY=user_key).strip()
    site.run("test2", 'echo "hub $HOST_KEY" > /root/.ssh/known_hosts', HOST_KEY=host_key)
    site.wait_for("hub", "ss -tln", r":443\b")
    site.wait_for("hub", "eris targets", r"target\.test1 +connected")
    output = site.run("hub", "export ERIS_TEST_SUBSTITUTERS_test1='s3://cache https://hub' "
                      "ERIS_TEST_SUBSTITUTERS_test2=ssh://hub; " + deployments.command("", ""))
    deployments.judge(0)
    archive = site.run("hub", f"sed -n 's/^URL: //p' /srv/cache/{os.path.basename(paths[0])[:32]}.narinfo").strip()
    expect(f'"GET /{archive} HTTP/1.1" 200' in site.run("hub", "cat /srv/https.log"), "test1 got its service over HTTPS")
    expect(site.run("hub", f"grep -ac 'echo {version} > /srv/' /srv/sent").strip() != "0",
           "test2 got its service over ssh")
    transaction = re.search(r"transaction (\d+)", output).group(1)
    site.expect("hub", f"eris logs {transaction}", r"don't know how to open Nix store 's3://cache'")
    for target in site.targets:
        site.run(target, "nix-store --verify --check-contents 2>&1")


def derivations_of(site, version):
    return site.run("hub", f"ls /nix/store | grep -c -- '-api-{version}\\.drv$'", status=None).strip()


def serve_stores():
    with Site(sys.argv[1], ["test1", "test2"]) as site:
        deployments = Deployments(site)
        for test in (everybody_has_what_it_needs, targets_build_for_themselves,
                     trusted_targets_build_for_others, collect_garbage, cut_a_transfer, revoke_and_replace_a_key,
                     client_elsewhere, mirrors):
            started = time.monotonic()
            test(site, deployments)
            print(f"ok: {test.__name__}, {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    run_tests(serve_stores)
