"""The IAM policies of `deploy/iam`, filled in for the world of the tests, and a caller that they bind."""
import fnmatch
import json
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

import rules
import world
from answering import Answering
from fleet import CLUSTER

FOLDER = world.pathlib.Path(__file__).parents[2] / "deploy" / "iam"
OWN, FAMILY = "eastwest", "unnamed"
ROLE_OF_TASKS = f"arn:aws:iam::{rules.ACCOUNT}:role/tasks"
ROLE_OF_TLS = f"arn:aws:iam::{rules.ACCOUNT}:role/tls"
FILLED = {"REPLACE_REGION": world.REGION, "REPLACE_ACCOUNT_ID": rules.ACCOUNT, "REPLACE_CLUSTER": CLUSTER,
          "REPLACE_OWN_SERVICE": OWN, "REPLACE_NAMESPACE": "*", "REPLACE_FAMILY": FAMILY,
          "REPLACE_BUS": "default", "REPLACE_ROLES_OF_TASKS": "tasks", "REPLACE_ROLE_OF_TLS": "tls"}
# Whom the simulator binds by its policies.
RESTRICTED = {**world.CREDENTIALS, "AWS_ACCESS_KEY_ID": "restricted"}
# The simulator has no DynamoDB: there a `Guarded` table evaluates the policy.
ELSEWHERE = {"dynamodb:GetItem", "dynamodb:PutItem"}


def shipped(name, **filled):
    """A policy of deploy/iam, filled in."""
    text = (FOLDER / f"{name}.json").read_text()
    for placeholder, value in {**FILLED, **filled}.items():
        text = text.replace(placeholder, value)
    assert "REPLACE_" not in text, text
    return json.loads(text)


def names():
    """Every policy."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def actions(*policies):
    """What these policies allow."""
    return sorted({action for name in policies for statement in shipped(name)["Statement"]
                   if statement["Effect"] == "Allow" for action in statement["Action"]})


def lessened(name, without=(), **filled):
    """A policy of deploy/iam, filled in, with these actions taken away."""
    assert not isinstance(without, str), "one action is a list of one"
    policy = shipped(name, **filled)
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action not in without]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    return policy


def flags(folder, policies, without=(), **filled):
    """The flags for a simulator that binds `RESTRICTED` by these policies, with these actions taken away."""
    words = []
    for name in policies:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(lessened(name, without, **filled)))
        words += ["--policy", str(path)]
    return words


class Guarded(Answering):
    """DynamoDB behind a policy: an HTTP server that hands on to an emulator what the policy allows, and refuses the rest in
    DynamoDB's words. It knows what `lease.json` says: actions, resources, and which items."""

    def __init__(self, emulator, policy):
        self.policy = policy

        def judged(request, body):
            call = request.headers["X-Amz-Target"].rpartition(".")[2]
            refused = self.refusal(call, json.loads(body))
            status, answer = refused or self.handed_on(emulator.url, request.headers, body)
            return status, "application/x-amz-json-1.0", answer

        super().__init__(judged)

    def refusal(self, call, body):
        """What DynamoDB answers to a call that nothing allows."""
        action = f"dynamodb:{call}"
        resource = f"arn:aws:dynamodb:{world.REGION}:{rules.ACCOUNT}:table/{body.get('TableName', '')}"
        item = body.get("Key") or body.get("Item") or {}
        keys = [value for member in item.values() for value in member.values() if member is item.get("lease")]
        if any(self._allows(statement, action, resource, keys) for statement in self.policy["Statement"]):
            return None
        user = f"arn:aws:sts::{rules.ACCOUNT}:assumed-role/restricted/test"
        text = (f"User: {user} is not authorized to perform: {action} on resource: {resource} because no identity-based "
                f"policy allows the {action} action")
        return 400, json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": text}).encode()

    @staticmethod
    def _allows(statement, action, resource, keys):
        assert statement["Effect"] == "Allow" and set(statement["Condition"]) == {"ForAllValues:StringLike"}
        [(key, wanted)] = statement["Condition"]["ForAllValues:StringLike"].items()
        assert key == "dynamodb:LeadingKeys"
        return (action in statement["Action"] and any(fnmatch.fnmatchcase(resource, each) for each in statement["Resource"])
                and all(fnmatch.fnmatchcase(each, wanted) for each in keys))

    @staticmethod
    def handed_on(url, headers, body):
        """What the emulator answers."""
        kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, kept), timeout=world.PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()


def client(service, simulator):
    """A boto3 client that the policies bind."""
    settings = Config(retries={"max_attempts": 0, "mode": "standard"}, inject_host_prefix=False)
    return boto3.client(service, endpoint_url=simulator.url, region_name=world.REGION, config=settings,
                        aws_access_key_id="restricted", aws_secret_access_key="test")
