"""What other versions of Eris make of the databases of this one: each file is brought to another format by hand,
as an older version has left it, or a newer one."""

import contextlib
import os
import sqlite3
import subprocess

# What takes the last migration back (state/migrations): there is a test for each that there is.
BACK = {
    "planner/journal.db": "ALTER TABLE start DROP COLUMN event;",
    "broker/spool.db": "DROP TABLE ledger;",
    "targets/test2/ledger.db": """
        CREATE TABLE keyed(tx INTEGER NOT NULL, idx INTEGER NOT NULL, direction INTEGER NOT NULL, attempt INTEGER NOT NULL,
          journal INTEGER NOT NULL, body_hash INTEGER NOT NULL, directory TEXT NOT NULL,
          acknowledged INTEGER NOT NULL DEFAULT 0, body INTEGER, outcome BLOB,
          PRIMARY KEY (tx, idx, direction, attempt)) STRICT, WITHOUT ROWID;
        INSERT INTO keyed SELECT tx, idx, direction, attempt, journal, body_hash, directory, acknowledged, body, outcome
          FROM attempt;
        DROP TABLE attempt;
        ALTER TABLE keyed RENAME TO attempt;
        CREATE TABLE numbered(id INTEGER PRIMARY KEY, profile TEXT NOT NULL, state INTEGER NOT NULL, body INTEGER NOT NULL)
          STRICT;
        INSERT INTO numbered(profile, state, body) SELECT profile, state, body FROM mapping;
        DROP TABLE mapping;
        ALTER TABLE numbered RENAME TO mapping;""",
}
DATABASES = {"planner": "planner/journal.db", "broker": "broker/spool.db", "worker-test2": "targets/test2/ledger.db"}
NEWER = 9_999


def format_of(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def set_format(path, number):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {number}")


def make_older(path, back):
    """As the version before has written it."""
    number = format_of(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("BEGIN;" + back + f"PRAGMA user_version = {number - 1}; COMMIT;")
    return number


def refusal(command, environment):
    """What a program says that finds a newer database, and whether it refuses."""
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                           check=False)
    return ended.returncode, ended.stderr


def content_of(path):
    """All bytes of a database and its log."""
    text = b""
    for name in (path, path + "-wal"):
        if os.path.exists(name):
            with open(name, "rb") as file:
                text += file.read()
    return text
