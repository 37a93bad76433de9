"""Goal: databases move from host to host while clients write to them, and every acknowledged write is there exactly once.

Method: PostgreSQL and MariaDB servers on two hosts with stores of their own, 100,000 rows each, a directory beside them,
one client for each database on a third host; the snapshots travel by the depot. Moved once undisturbed, once with a
restore that fails, once while worker and planner are killed. Targets are not called what their addresses are.
Usage: databases_test.py PACKAGE
"""

import glob
import os
import re
import sys
import tempfile

from manual import ROOT
from sites import HERE, SKIPPED, Site, TestFailure, run_tests, testbed

SERVERS = os.path.join(ROOT, "build/servers")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --"
ENVIRONMENT = f"export LD_LIBRARY_PATH=/srv/servers/{LIBRARIES} PATH=/srv/bin:$PATH; "
BULK = {"rooms": "SELECT md5(string_agg(text, '' ORDER BY n)) FROM bulk",
        "guests": "SELECT concat(count(*), ' ', sum(crc32(text)), ' ', (SELECT n FROM many)) FROM bulk"}


def expect(truth, what):
    if not truth:
        raise TestFailure(what)
    print("ok: " + what, flush=True)


def find_servers():
    """Where `scripts/setup --tests` put them, or Debian: the folders of PostgreSQL's and MariaDB's programs."""
    found = []
    for pattern in ("usr/lib/postgresql/*/bin/initdb", "usr/sbin/mariadbd"):
        for base in (SERVERS, "/"):
            paths = sorted(glob.glob(os.path.join(base, pattern)))
            if paths:
                found.append((base, os.path.relpath(paths[-1], base)))
                break
    return found if len(found) == 2 else None


def bring_servers(site, role, servers):
    """Their programs below /srv/bin, and what they need."""
    (postgresql_base, initdb), (mariadb_base, _) = servers
    for base in {postgresql_base, mariadb_base} - {"/"}:
        # Only the programs that are used: the servers come with hundreds.
        with tempfile.TemporaryDirectory() as packed:
            archive = os.path.join(packed, "servers.tar")
            wanted = [path for path in (LIBRARIES, "usr/share/mysql", "usr/share/postgresql", "usr/lib/postgresql",
                                        "usr/lib/mysql", "usr/sbin/mariadbd", "usr/bin/mariadb",
                                        "usr/bin/mariadb-dump", "usr/bin/my_print_defaults", "usr/bin/resolveip",
                                        "usr/bin/mariadb-install-db")
                      if os.path.exists(os.path.join(base, path))]
            if os.system(f"tar -C {base} -cf {archive} {' '.join(wanted)}") != 0:
                raise TestFailure("the servers cannot be packed")
            testbed("copy", archive, site.hosts[role], "/srv/servers.tar", directory=site.directory)
            site.run(role, "mkdir -p /srv/servers && tar -C /srv/servers -xf /srv/servers.tar && rm /srv/servers.tar")
    root = {SERVERS: "/srv/servers", "/": ""}
    postgresql = os.path.join(root[postgresql_base] or "/", os.path.dirname(initdb))
    site.run(role, f"mkdir -p /srv/bin; ln -s {postgresql}/* /srv/bin/; "
                   f"for program in mariadb mariadb-dump; do ln -s {root[mariadb_base]}/usr/bin/$program /srv/bin/; done")
    return root[mariadb_base] + "/usr"


def start_servers(site, role, mariadb):
    site.run(role, ENVIRONMENT + f"""
set -e
chmod 755 /srv
for server in postgresql mariadb; do mkdir /srv/$server; chown 65534:65534 /srv/$server; done
cd /srv/postgresql
{AS_NOBODY} initdb --pgdata=data --no-locale --encoding=UTF8 --auth=trust --username=postgres --no-sync > /dev/null
echo "host all all 10.77.0.0/16 trust" >> data/pg_hba.conf
{AS_NOBODY} pg_ctl start --wait --pgdata=data --log=/srv/postgresql/log \\
  --options="-c listen_addresses='*' -c fsync=off -k /srv/postgresql -p 4711" > /dev/null
cd /srv/mariadb
{AS_NOBODY} env PATH={mariadb}/bin:{mariadb}/sbin:$PATH {mariadb}/bin/mariadb-install-db --no-defaults \\
  --basedir={mariadb} --datadir=/srv/mariadb/data --auth-root-authentication-method=normal --skip-test-db > /dev/null
{AS_NOBODY} {mariadb}/sbin/mariadbd --no-defaults --basedir={mariadb} --datadir=/srv/mariadb/data \\
  --lc-messages-dir={mariadb}/share/mysql --socket=/srv/mariadb/socket --port=4712 --skip-name-resolve \\
  --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M > /srv/mariadb/log 2>&1 < /dev/null &
""")
    site.wait_for(role, ENVIRONMENT + "mariadb --no-defaults -uroot -S /srv/mariadb/socket -Ne 'SELECT 1'", "^1$")
    site.run(role, ENVIRONMENT + r"""
mariadb --no-defaults -uroot -S /srv/mariadb/socket -e "
  CREATE USER app@'%'; GRANT ALL ON guests.* TO app@'%'; ALTER USER root@localhost IDENTIFIED BY 'hush'"
set -e
mkdir -p /etc/eris/secrets /srv/notes; chmod 700 /etc/eris/secrets
printf hush > /etc/eris/secrets/mariadb; chmod 600 /etc/eris/secrets/mariadb
echo 'secrets_dir = "/etc/eris/secrets"' >> /etc/eris/worker.toml
sed -i 's/num_of_cores = 2/num_of_cores = 4/' /etc/eris/worker.toml
""")


class States:
    """A site whose states stand on one of two hosts."""

    def __init__(self, site):
        self.site = site
        self.bulk = {}
        servers = find_servers()
        for role in ("test1", "test2", "test3"):
            mariadb = bring_servers(site, role, servers)
            if role != "test3":
                start_servers(site, role, mariadb)
            # The tools that modules call are on the worker's PATH.
            site.run(role, f"for program in /srv/bin/*; do ln -sf $program /usr/local/bin/; done; "
                           f"echo /srv/servers/{LIBRARIES} > /etc/ld.so.conf.d/servers.conf; ldconfig; "
                           "systemctl restart eris-worker")
        testbed("copy", os.path.join(HERE, "database-models"), site.hosts["hub"], "/root/models", directory=site.directory)
        for target in site.targets:
            site.wait_for("hub", "eris targets", rf"target\.{target} +connected")

    def command(self, verb, at, options=""):
        addresses = " ".join(f"{role.upper()}={self.site.addresses[role]}" for role in self.site.targets)
        return f"cd models && {addresses} eris {verb} {options} --extra-params '{{ at = \"{at}\"; }}'"

    def ask(self, role, service, sql):
        client = {"rooms": "psql -XqAt -h /srv/postgresql -p 4711 -U postgres rooms",
                  "guests": "mariadb --no-defaults -uroot -phush -S /srv/mariadb/socket -BN guests"}[service]
        return self.site.run(role, f"{ENVIRONMENT}{client} <<'END'\n{sql}\nEND").strip()

    def acknowledged(self, service):
        text = self.site.run("test3", f"cat /srv/acknowledged-{service}Writer", status=None)
        return [line for line in text.splitlines() if line.isdigit()]

    def await_writes(self):
        for service in BULK:
            before = len(self.acknowledged(service))
            self.site.wait_for("test3", f"test $(wc -l < /srv/acknowledged-{service}Writer) -gt {before + 10} && echo more",
                               "more", timeout=120)

    def judge(self, at):
        """Each acknowledged write is there once, none is there twice, and the rest is as it was."""
        other = {"test1": "test2", "test2": "test1"}[at]
        self.await_writes()
        for service, bulk in BULK.items():
            told = self.acknowledged(service)
            there = self.ask(at, service, "SELECT n FROM writes;").split()
            lost = sorted(set(told) - set(there))
            expect(not lost, f"{service}: none of {len(told)} acknowledged writes is lost ({lost[:3]})")
            expect(len(there) == len(set(there)), f"{service}: none is there twice")
            self.bulk.setdefault(service, self.ask(at, service, bulk))
            expect(self.ask(at, service, bulk) == self.bulk[service], f"{service}: all rows are as they were")
        closed = self.site.run(other, ENVIRONMENT + "psql -XqAtc 'SELECT 1' -h /srv/postgresql -p 4711 -U postgres rooms; "
                               "mariadb --no-defaults -uroot -phush -S /srv/mariadb/socket guests -e 'SELECT 1'",
                               status=None)
        expect("does not exist" in closed and "Unknown database" in closed, f"nothing is open on {other}")
        expect(self.site.run(at, "cat /srv/notes/kept/note").strip() == "remember", "the directory came along")


def databases_move_while_clients_write():
    package = sys.argv[1]
    if find_servers() is None:
        print("skipped: there are no database servers (scripts/setup --tests)")
        sys.exit(SKIPPED)
    with Site(package, targets=["test1", "test2", "test3"]) as site:
        states = States(site)
        site.run("hub", states.command("deploy", "test1"), timeout=180)
        site.run("test1", "echo remember > /srv/notes/kept/note")
        states.await_writes()

        site.expect("hub", states.command("plan", "test2"), "the state of rooms moves .* on test1 to .* on test2")
        site.expect("hub", states.command("deploy", "test2"), "committed", timeout=180)
        states.judge("test2")

        # Nobody on test1 has the name of the owner of a table: its restore fails there.
        states.ask("test2", "rooms", "CREATE ROLE app; ALTER TABLE writes OWNER TO app;")
        site.expect("hub", states.command("deploy", "test1"), "rolled back", status=2, timeout=180)
        states.judge("test2")
        states.ask("test2", "rooms", "ALTER TABLE writes OWNER TO postgres;")

        killed_while_it_moves(site, states)
        states.judge("test1")


def killed_while_it_moves(site, states):
    """At each phase the process that has it in hand."""
    transaction = site.run("hub", states.command("deploy", "test1", "--detach") + " 2> /dev/null").split()[-1]
    watching = site.start("hub", f"eris watch {transaction}")
    for role, unit, verb in (("test2", "eris-worker", "snapshot"), ("test2", "eris-worker", "transfer"),
                             ("hub", "eris-planner", None), ("test1", "eris-worker", "restore")):
        if verb is not None:
            site.wait_for(role, f"cat /var/log/{unit}.log", rf"item.started.*item=[0-9a-f]+-{transaction}-\S+ verb={verb}",
                          timeout=120)
        # It may be on its way up from the kill before.
        pid = site.wait_for(role, f"systemctl main-pid {unit}", r"^[1-9]\d*$").strip()
        site.run(role, f"kill -9 {pid}")
        print(f"-- {unit} on {role} killed at {verb}", flush=True)
    transcript = site.finish(watching, timeout=180)
    expect(re.search("committed", transcript), "it is committed nevertheless")


if __name__ == "__main__":
    run_tests(databases_move_while_clients_write)
