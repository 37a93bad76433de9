"""What the log of somebody else's module must show, whatever died meanwhile. Pure: calls and crashes in, findings out.

A call is [time in ns, begin|done|failed, activity, service, version, what was active at that moment...].
"""

from real_site import DEPENDS_ON


def check_calls(calls, crashes):
    """One line a broken promise."""
    return [*twice_without_crash(calls, crashes), *overlapping(calls, crashes), *out_of_order(calls)]


def twice_without_crash(calls, crashes):
    """`lock` and `unlock` have their turn again after something else was done to the component."""
    last = {}
    for time, event, activity, service, version in ((int(c[0]), *c[1:5]) for c in calls):
        if event != "begin":
            continue
        key = (activity, service, version)
        for lockable in ("lock", "unlock"):
            if activity != lockable:
                last.pop((lockable, service, version), None)
        before = last.get(key)
        if before is not None and not any(before < crash < time for crash in crashes):
            yield f"{' '.join(key)} was called twice without a crash between"
        last[key] = time


def overlapping(calls, crashes):
    """One activity a component at a time; a call that nobody ended was cut short by a crash."""
    open_calls = {}
    for time, event, activity, service in ((int(c[0]), c[1], c[2], c[3]) for c in calls):
        since, running = open_calls.get(service, (time, ""))
        if event != "begin":
            open_calls.pop(service, None)
            continue
        if running and not any(since < crash < time for crash in crashes):
            yield f"{activity} of {service} began while {running} of it ran"
        open_calls[service] = (time, activity)


def out_of_order(calls):
    """Each active service's dependencies are active, as seen at the begin of each call."""
    for call in calls:
        event, activity, service = call[1:4]
        active = set(call[5:])
        if event != "begin":
            continue
        if activity == "activate" and DEPENDS_ON.get(service, service) not in active | {service}:
            yield f"activate {service} without {DEPENDS_ON[service]}"
        if activity == "deactivate" and service in active:
            users = [user for user, used in DEPENDS_ON.items() if used == service and user in active]
            if users:
                yield f"deactivate {service} under {', '.join(users)}"
