"""How long a detached submission takes from the start of the command to its receipt, with the planner up and down.

The command is one that evaluates nothing (`rollback --detach`), so this is the program's start, the handshake with
the broker, the upload, the sync and the answer. Of deployments, from the line that tells of the evaluated manifest.
"""

import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../crash"))
from real_site import Site  # noqa: E402


def receipt_ms(site, key):
    began = time.monotonic()
    with subprocess.Popen([site.programs + "/eris", "rollback", "--detach", "--idempotency-key", key],
                          env=site.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as client:
        for line in client.stderr:
            if "accepted as" in line:
                took = (time.monotonic() - began) * 1000
                client.kill()
                return took
        raise SystemExit(f"{key} was not accepted")


def measure(site, what, count):
    times = sorted(receipt_ms(site, f"{what}-{i}") for i in range(count))
    at = lambda share: times[min(count - 1, int(count * share))]  # noqa: E731
    print(f"planner {what}: {count} receipts, median {at(0.5):.1f} ms, p90 {at(0.9):.1f} ms, p99 {at(0.99):.1f} ms, "
          f"most {times[-1]:.1f} ms", flush=True)


def after_evaluation_ms(site, version):
    """Nothing where the deployment changes nothing: it tells nothing before its receipt."""
    client = site.deploy(version, "--detach", "--idempotency-key", version)
    told = None
    for line in client.stdout:
        now = time.monotonic()
        if "accepted as" in line:
            client.kill()
            client.wait()
            return (now - told) * 1000 if told else None
        told = now
    raise SystemExit(f"{version} was not accepted")


def measure_deployments(site, count):
    times = sorted(ms for ms in (after_evaluation_ms(site, f"v{i}") for i in range(count)) if ms is not None)
    print(f"from the evaluated manifest: {len(times)} receipts, median {times[len(times) // 2]:.1f} ms, "
          f"p99 {times[int(len(times) * 0.99)]:.1f} ms, most {times[-1]:.1f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eris", required=True, help="the program, with the daemons beside it")
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    with Site(os.path.dirname(arguments.eris)) as site:
        site.finish(site.client("targets"), 0)
        measure(site, "up", arguments.count)
        measure_deployments(site, arguments.count // 3)
        planner = site.running.pop("planner")
        planner.terminate()
        planner.wait()
        measure(site, "down", arguments.count)


if __name__ == "__main__":
    main()
