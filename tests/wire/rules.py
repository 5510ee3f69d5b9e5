"""The rules, the queue and its policy as `deploy/` ships them, made by ordinary boto3 as its page says."""
import json

import world

FOLDER = world.pathlib.Path(__file__).parents[2] / "deploy" / "events"
NAMES = ("deployments", "calls", "tags", "namespaces", "parameters")
ACCOUNT = "123456789012"
# Nothing of best effort is lost, nothing comes twice, and everything is there after a second.
PLAIN = {"lost_per_mille": 0, "doubled_per_mille": 0, "delay_ms": [200, 900], "reordered": False}
# As bad as AWS's promises allow: half of what is best effort is lost, much comes twice, late and out of order.
BAD = {"lost_per_mille": 500, "doubled_per_mille": 500, "delay_ms": [200, 30000], "reordered": True}


def pattern(name):
    """The text of a shipped pattern."""
    return (FOLDER / f"{name}.json").read_text()


def wire(events, sqs, queue="eastwest"):
    """Makes the queue, its dead-letter queue and the rules; the URLs of both."""
    dead = sqs.create_queue(QueueName=f"{queue}-dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{world.REGION}:{ACCOUNT}:{queue}"
    text = (FOLDER / "queue.json").read_text()
    text = text.replace("REPLACE_REGION", world.REGION).replace("REPLACE_ACCOUNT_ID", ACCOUNT)
    url = sqs.create_queue(QueueName=queue, Attributes=json.loads(text))["QueueUrl"]
    for name in NAMES:
        events.put_rule(Name=f"eastwest-{name}", EventPattern=pattern(name))
        put = events.put_targets(Rule=f"eastwest-{name}", Targets=[{"Id": "queue", "Arn": arn}])
        assert put["FailedEntryCount"] == 0, put
    return url, dead
