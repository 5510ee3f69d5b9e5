"""The CloudFormation template as moto creates it, and eastwest started as ECS would start the stack's task.

moto's CloudFormation makes roles, policies, queues, rules, the table, the task definition and the service. It does not
know `AWS::SQS::QueuePolicy`, alarms and metric filters, and leaves those out.
"""
import http.server
import json
import threading

import world
from fleet import CLUSTER

TEMPLATE = world.pathlib.Path(__file__).parents[2] / "deploy" / "cloudformation" / "eastwest.yaml"
STACK = "eastwest"
# The parameters that have no default.
REQUIRED = {"Cluster": CLUSTER, "Image": "registry.example/eastwest:0.1.0", "Subnets": "subnet-0a1b2c3d",
            "SecurityGroups": "sg-0a1b2c3d"}


class Stack:
    """A stack on moto. `client` makes a client of moto by the name of its service."""

    def __init__(self, client, **parameters):
        self.client = client
        client("ecs").create_cluster(clusterName=CLUSTER)
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
        role, iam = self.outputs["TaskRoleArn"].rpartition("/")[2], self.client("iam")
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}

    def delete(self):
        """Deletes it."""
        self.client("cloudformation").delete_stack(StackName=STACK)


class Credentials:
    """Hands out a role's credentials to a task, as ECS does at AWS_CONTAINER_CREDENTIALS_FULL_URI."""

    def __init__(self, sts, role):
        asked = self.asked = []

        class Answer(http.server.BaseHTTPRequestHandler):
            """One answer, freshly made by STS."""

            def do_GET(self):  # pylint: disable=invalid-name
                """The credentials of the role."""
                made = sts.assume_role(RoleArn=role, RoleSessionName="task")["Credentials"]
                asked.append(made["AccessKeyId"])
                body = json.dumps({
                    "RoleArn": role, "AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"],
                    "Token": made["SessionToken"], "Expiration": made["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
                }).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/role"

    def stop(self):
        """Ends it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
