"""A long life under trouble: what eastwest holds while it lives so, and how that is judged.

A leak shows as a line through the samples that rises. Memory, descriptors, threads and tasks also come and go, which moves
such a line by about as much as the samples vary, however long the soak is. A leak moves it the more, the longer the
soak is. So `Bound` allows the same rise in any soak: an hour finds leaks that are thirty times smaller than those that
two minutes find.
"""
import dataclasses
import json
import re
import statistics

import crowd

# The part of a soak in which caches fill and connections are made.
WARM_UP = 0.3
# Lines between all pairs of so many points are fast to make.
POINTS = 150

# What a line of the log says that a fault of this kind caused. A stale answer is nothing to warn of.
FAILED = "InternalFailure|InternalServerError|ServerException|InternalError"
SILENT = "timed out|no answer came in time"
WORDS = {
    "throttle": "Throttl|RequestLimitExceeded", "denied": "AccessDenied",
    "error-before": FAILED, "error-after": FAILED,
    "timeout-before": SILENT, "timeout-after": SILENT,
    "html": "HTTP 502", "partial": "MISSING|says nothing",
}
# No fault: somebody deletes a service between the reading and the write that rests on it.
DELETED = "ServiceNotActiveException"


@dataclasses.dataclass(frozen=True)
class Bound:
    """How much a series may rise over the time after the warm-up, and why that is no leak."""
    rise: float
    unit: str
    why: str


BOUNDS = {
    "memory": Bound(3 * 1024, "KiB", "the heap's pages come and go with sweeps"),
    "descriptors": Bound(16, "descriptors", "connections to AWS are kept for a while and made anew after a fault"),
    "threads": Bound(2, "threads", "threads for blocking work end when there is none"),
    "tasks": Bound(40, "tasks", "each call and each reader is a task"),
}


@dataclasses.dataclass(frozen=True)
class Sample:
    """What a process holds at one moment."""
    seconds: float
    memory: float
    descriptors: float
    threads: float
    tasks: float


def sample(controller, seconds):
    """What eastwest holds now."""
    return Sample(seconds, crowd.memory(controller, "VmRSS"), crowd.descriptors(controller),
                  crowd.threads(controller), controller.metric("eastwest_tasks"))


def thinned(points):
    """About `POINTS` of these points, evenly spread."""
    return points[::max(1, len(points) // POINTS)]


def slope(points):
    """The median of the slopes between all pairs: a spike moves it little, a rise of all points moves it fully (Theil and Sen)."""
    pairs = [(a, b) for index, a in enumerate(points) for b in points[index + 1:]]
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs)


def rises(samples):
    """How much each series rose over the time after the warm-up, by its line."""
    begins = samples[0].seconds + WARM_UP * (samples[-1].seconds - samples[0].seconds)
    warm = [each for each in samples if each.seconds >= begins]
    lasted = warm[-1].seconds - warm[0].seconds
    return {name: lasted * slope(thinned([(each.seconds, getattr(each, name)) for each in warm])) for name in BOUNDS}


def leaks(samples):
    """The series that rose by more than they may, in words."""
    return [f"{name} rose by {rise:.0f} {BOUNDS[name].unit}, and {BOUNDS[name].rise} are allowed ({BOUNDS[name].why})"
            for name, rise in rises(samples).items() if rise > BOUNDS[name].rise]


def table(samples):
    """The samples for a person: ten lines at most, and how much each series rose."""
    rows = [f"{'seconds':>8} {'memory':>9} {'descriptors':>12} {'threads':>8} {'tasks':>6}"]
    for each in samples[::max(1, len(samples) // 10)]:
        rows.append(f"{each.seconds:8.0f} {each.memory:9.0f} {each.descriptors:12.0f} {each.threads:8.0f} {each.tasks:6.0f}")
    rose = rises(samples)
    rows.append(f"{'rose':>8} {rose['memory']:9.1f} {rose['descriptors']:12.1f} {rose['threads']:8.1f} {rose['tasks']:6.1f}")
    return "\n".join(rows)


def uncaused(lines, struck):
    """The lines of the log that say that something is wrong, and that no fault of these kinds caused."""
    return [line for line in lines if not is_caused(json.loads(line), struck)]


def is_caused(line, struck):
    """Whether a line is no trouble, or says what one of the faults that struck would make it say."""
    if line["level"] == "ERROR":
        return False
    if line["level"] != "WARN":
        return True
    text = json.dumps(line)
    words = [WORDS[kind] for kind in struck if kind in WORDS]
    return any(re.search(word, text) for word in [DELETED, *words])
