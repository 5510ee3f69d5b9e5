"""`deploy/terraform`: parsed, its references resolved, and compared with the CloudFormation template.

What needs the provider's schema is not checked; the module's page says so.
"""
import json
import re

from cfnlint.decode import cfn_yaml

import policies
import rules
import terraform
from stack import TEMPLATE

# The input of each parameter.
SAME = {"Cluster": "cluster", "Image": "image", "Subnets": "subnets", "SecurityGroups": "security_groups",
        "Policy": "policy", "Replicas": "replicas", "Document": "document", "CreateNamespaces": "create_namespaces",
        "Architecture": "architecture", "AlarmTopic": "alarm_topics"}
SOURCES = {path.name: path.read_text() for path in terraform.FOLDER.glob("*.tf")}
ALL = "\n".join(SOURCES.values())


def test_the_page_of_inputs_and_outputs_is_up_to_date():
    assert terraform.PAGE.read_text() == terraform.page(), "run: python tests/wire/terraform.py"


def test_every_input_is_used_and_everything_that_is_used_is_there():
    inputs = set(terraform.blocks("variable"))
    assert set(re.findall(r"\bvar\.(\w+)", ALL)) == inputs
    declared = {name for file in terraform.read().values() for block in file.get("locals", []) for name in block}
    used = set(re.findall(r"\blocal\.(\w+)", ALL))
    assert used == {name for name in declared if not name.startswith("__")}
    made = terraform.resources()
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+\.\w+)\b(?=[.\[,\]])", ALL)) <= set(made)
    data = {f"data.{name}" for name in terraform.resources("data")}
    assert set(re.findall(r"\bdata\.aws_\w+\.\w+", ALL)) == data


def test_the_inputs_are_the_parameters_of_the_template():
    parameters, inputs = cfn_yaml.load(str(TEMPLATE))["Parameters"], terraform.blocks("variable")
    assert set(SAME) == set(parameters) and set(SAME.values()) <= set(inputs)
    for parameter, name in SAME.items():
        assert ("Default" in parameters[parameter]) == ("default" in inputs[name]), name
    for parameter in ("Policy", "Replicas", "Document", "Architecture"):
        assert terraform.text(inputs[SAME[parameter]]["default"]) == parameters[parameter]["Default"], parameter


def test_the_example_gives_what_is_required_and_nothing_unknown():
    given = terraform.hcl2.loads((terraform.FOLDER / "example" / "main.tf").read_text())["module"][0]
    given = set(given['"eastwest"']) - {"source", "__is_block__"}
    inputs = terraform.blocks("variable")
    assert {name for name, body in inputs.items() if "default" not in body} <= given <= set(inputs)


def test_it_makes_what_the_template_makes():
    kinds = {name.partition(".")[0] for name in terraform.resources()}
    assert kinds == {
        "aws_iam_role", "aws_iam_role_policy", "aws_sqs_queue", "aws_sqs_queue_policy", "aws_cloudwatch_event_rule",
        "aws_cloudwatch_event_target", "aws_dynamodb_table", "aws_cloudwatch_log_group", "aws_ecs_task_definition",
        "aws_ecs_service", "aws_cloudwatch_metric_alarm", "aws_cloudwatch_log_metric_filter"}
    template = cfn_yaml.load(str(TEMPLATE))["Resources"]
    alarms = [body["Properties"] for body in template.values() if body["Type"] == "AWS::CloudWatch::Alarm"]
    assert {alarm["AlarmDescription"] for alarm in alarms} == set(
        re.findall(r'description = "(.*)"', SOURCES["alarms.tf"]))
    [container] = template["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    # The template has as many parameters as it may have, so only the module has an input for the token.
    assert {*re.findall(r"EASTWEST_\w+", json.dumps(container)), "EASTWEST_TOKEN"} == set(
        re.findall(r"EASTWEST_\w+", SOURCES["main.tf"]))
    for word in (*container["HealthCheck"]["Command"], container["User"]):
        assert f'"{word}"' in SOURCES["main.tf"]


def test_it_grants_the_shipped_policies_with_every_placeholder_filled_in():
    listed = SOURCES["iam.tf"].split("compact([")[1].split("])")[0]
    granted = set(re.findall(r'"([a-z-]+)"', listed))
    assert granted <= set(policies.names())
    filled = set(re.findall(r"REPLACE_\w+", SOURCES["iam.tf"]))
    wanted = {word for name in granted
              for word in re.findall(r"REPLACE_\w+", (policies.FOLDER / f"{name}.json").read_text())}
    assert filled == wanted


def test_the_rules_are_the_files_of_deploy_events():
    named = re.search(r"rules = toset\((\[.*\])\)", SOURCES["events.tf"])
    assert json.loads(named[1]) == list(rules.NAMES)
    assert 'file("${path.module}/../events/${each.key}.json")' in SOURCES["events.tf"]
    queue = terraform.resources()["aws_sqs_queue.this"]
    wanted = json.loads((rules.FOLDER / "queue.json").read_text())
    assert str(queue["message_retention_seconds"]) == wanted["MessageRetentionPeriod"]
