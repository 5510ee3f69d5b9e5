"""A plain poller, as a team would write it in an afternoon: what eastwest is measured beside (`cargo xtask bench`).

It lists the clusters and their services, describes ten services at a time with their tags, and prints which of them
differ from what their tags ask for. It looks again each minute. It changes nothing and knows nothing of events. Of the
tags it understands `eastwest/mode`, `eastwest/namespace` and `eastwest/discovery-name`, which is enough to compare.

    python tests/poller.py --rounds 1
"""
import argparse
import sys
import time

import boto3
from botocore.config import Config

PREFIX = "eastwest/"
# The most that one call takes (ECS API Reference, DescribeServices) and gives (ListServices).
DESCRIBED, LISTED = 10, 100


def pages(call, member, **request):
    """Every item of a paged list."""
    token = {}
    while True:
        answer = call(**request, **token)
        yield from answer[member]
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}


def services(ecs):
    """Every service of every cluster, as DescribeServices tells it."""
    for cluster in pages(ecs.list_clusters, "clusterArns"):
        arns = list(pages(ecs.list_services, "serviceArns", cluster=cluster, maxResults=LISTED))
        for first in range(0, len(arns), DESCRIBED):
            some = arns[first:first + DESCRIBED]
            answer = ecs.describe_services(cluster=cluster, services=some, include=["TAGS"])
            yield from answer["services"]


def wanted(service):
    """What the tags of a service ask for, by name; nothing if it did not opt in."""
    return {tag["key"].removeprefix(PREFIX): tag["value"]
            for tag in service.get("tags", []) if tag["key"].startswith(PREFIX)}


def differences(service):
    """What of a service is not as its tags ask."""
    asked = wanted(service)
    if "mode" not in asked:
        return []
    primary = next(each for each in service["deployments"] if each["status"] == "PRIMARY")
    config = primary.get("serviceConnectConfiguration", {})
    endpoints = config.get("services", [])
    found = []
    if config.get("enabled", False) != (asked["mode"] != "off"):
        found.append("mode")
    if bool(endpoints) != (asked["mode"] == "client-server"):
        found.append("endpoints")
    if "namespace" in asked and asked["namespace"] != config.get("namespace"):
        found.append("namespace")
    if "discovery-name" in asked and asked["discovery-name"] not in [each.get("discoveryName") for each in endpoints]:
        found.append("discovery-name")
    return found


def look(ecs):
    """One round; how many services there are, and how many are not in order."""
    count, drifted = 0, 0
    for service in services(ecs):
        count += 1
        found = differences(service)
        if found:
            drifted += 1
            print(f"{service['serviceArn']}: {', '.join(found)}")
    return count, drifted


def main():
    """Looks on a timer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interval", type=float, default=60, help="seconds from the start of a round to the next")
    parser.add_argument("--rounds", type=int, help="how many rounds (default: for ever)")
    flags = parser.parse_args()
    # A throttled call is repeated, as AWS advises. The default of three attempts is too few for some thousand services.
    ecs = boto3.client("ecs", config=Config(retries={"mode": "standard", "max_attempts": 10}))
    done = 0
    while True:
        began = time.monotonic()
        count, drifted = look(ecs)
        took = time.monotonic() - began
        print(f"{count} services, {drifted} not in order, {took:.1f} s", flush=True)
        done += 1
        if done == flags.rounds:
            return
        time.sleep(max(0, flags.interval - took))


if __name__ == "__main__":
    sys.exit(main())
