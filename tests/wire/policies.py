"""The IAM policies of `deploy/iam`, filled in for the world of the tests, and a caller that they bind."""
import json

import boto3
from botocore.config import Config

import rules
import world
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
# The simulator has no DynamoDB and no KMS.
ELSEWHERE = {"dynamodb:GetItem", "dynamodb:PutItem", "kms:Decrypt"}


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


def flags(folder, policies, without=None):
    """The flags for a simulator that binds `RESTRICTED` by these policies, with one action taken away."""
    words = []
    for name in policies:
        policy = shipped(name)
        for statement in policy["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action != without]
        policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
        path = folder / f"{name}.json"
        path.write_text(json.dumps(policy))
        words += ["--policy", str(path)]
    return words


def client(service, simulator):
    """A boto3 client that the policies bind."""
    settings = Config(retries={"max_attempts": 0, "mode": "standard"}, inject_host_prefix=False)
    return boto3.client(service, endpoint_url=simulator.url, region_name=world.REGION, config=settings,
                        aws_access_key_id="restricted", aws_secret_access_key="test")
