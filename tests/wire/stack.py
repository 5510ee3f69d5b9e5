"""The CloudFormation template as moto creates it, and eastwest started as ECS would start the stack's task.

moto's CloudFormation makes roles, policies, queues, rules, the table, the task definition and the service. It does not
know `AWS::SQS::QueuePolicy`, alarms and metric filters, and leaves those out. It does not know the `Rules` of a template
either, so `Stack` asks `refusals` first, as CloudFormation asks the rules.
"""
import ast
import json
import re

from cfnlint.decode import cfn_yaml

import world
from answering import Answering
from fleet import CLUSTER

TEMPLATE = world.pathlib.Path(__file__).parents[2] / "deploy" / "cloudformation" / "eastwest.yaml"
STACK = "eastwest"
# The parameters that have no default.
REQUIRED = {"Cluster": CLUSTER, "Image": "registry.example/eastwest:0.1.0", "Subnets": "subnet-0a1b2c3d",
            "SecurityGroups": "sg-0a1b2c3d"}


def read():
    """The template as it is written."""
    return cfn_yaml.load(str(TEMPLATE))


def lower(value):
    """Members spelt as the API spells them."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lower(below) for key, below in value.items()}
    return [lower(below) for below in value] if isinstance(value, list) else value


def normal(policy):
    """A policy whose lists of one are that one, as IAM reads them."""
    if isinstance(policy, dict):
        return {key: normal(value) for key, value in policy.items()}
    if isinstance(policy, list):
        return normal(policy[0]) if len(policy) == 1 else [normal(value) for value in policy]
    return policy


def refusals(**parameters):
    """What the rules of the template say against these parameters."""
    template = read()
    chosen = {name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()}
    chosen.update(REQUIRED, **parameters)

    def value(expression):
        """What an expression of a rule is: the functions that the rules use, and no other."""
        if not isinstance(expression, dict):
            return expression
        [(function, given)] = expression.items()
        if function == "Ref":
            return chosen[given]
        given = [value(one) for one in given]
        return {"Fn::Equals": lambda: given[0] == given[1], "Fn::Not": lambda: not given[0]}[function]()

    return [assertion["AssertDescription"] for rule in template["Rules"].values() if value(rule["RuleCondition"])
            for assertion in rule["Assertions"] if not value(assertion["Assert"])]


def matches(pattern, line):
    """Whether a line of the log has what a metric filter asks for: members that equal a text, `&&`, `||` and brackets."""
    left = re.sub(r'\$\.(\w+) = "([^"]*)"', lambda asked: str(line.get(asked[1]) == asked[2]), pattern.strip("{ }"))
    before = None
    while left != before:
        before = left
        left = re.sub(r"\((True|False)\)", r"\1", left)
        left = re.sub(r"(True|False) && (True|False)", lambda two: str(two[1] == two[2] == "True"), left)
        left = re.sub(r"(True|False) \|\| (True|False)", lambda two: str("True" in two.groups()), left)
    return {"True": True, "False": False}[left]


class Stack:
    """A stack on moto. `client` makes a client of moto by the name of its service."""

    def __init__(self, client, **parameters):
        self.client = client
        client("ecs").create_cluster(clusterName=CLUSTER)
        assert not refusals(**parameters)
        chosen = {**REQUIRED, **parameters}
        client("cloudformation").create_stack(
            StackName=STACK, TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in chosen.items()])
        stack = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def container(self):
        """The container of its task definition."""
        task = self.client("ecs").describe_task_definition(taskDefinition=self.outputs["TaskDefinitionArn"])
        return task["taskDefinition"]["containerDefinitions"][0]

    def environment(self):
        """The variables of the container; moto leaves a null where CloudFormation leaves a variable out."""
        return {pair["name"]: pair["value"] for pair in self.container()["environment"] if pair}

    def policies(self):
        """What the task role may do: each inline policy by its name."""
        return self.of_role(self.outputs["TaskRoleArn"])

    def pulls(self):
        """What the execution role may do; moto's task definition does not tell this role."""
        roles = [role["Arn"] for role in self.client("iam").list_roles()["Roles"]]
        [arn] = set(roles) - {self.outputs["TaskRoleArn"]}
        return self.of_role(arn)["start"]

    def of_role(self, arn):
        """Each inline policy of a role by its name."""
        role, iam = arn.rpartition("/")[2], self.client("iam")
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        texts = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
        # moto hands out the policy that is part of a role as Python prints it.
        return {name: ast.literal_eval(text) if isinstance(text, str) else text for name, text in texts.items()}

    def delete(self):
        """Deletes it."""
        self.client("cloudformation").delete_stack(StackName=STACK)


class Credentials(Answering):
    """Hands out a role's credentials to a task, as ECS does at AWS_CONTAINER_CREDENTIALS_FULL_URI.

    Their access key is the one that the simulator binds by its policies; moto takes any.
    """

    def __init__(self, sts, role, access_key):
        asked = self.asked = []

        def fresh(*_):
            """Freshly made by STS."""
            made = sts.assume_role(RoleArn=role, RoleSessionName="task")["Credentials"]
            asked.append(made["AccessKeyId"])
            body = json.dumps({
                "RoleArn": role, "AccessKeyId": access_key, "SecretAccessKey": made["SecretAccessKey"],
                "Token": made["SessionToken"], "Expiration": made["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            })
            return 200, "application/json", body.encode()

        super().__init__(fresh)
        self.url += "/role"
