"""`deploy/terraform`: parsed, its references resolved, evaluated, and compared with the CloudFormation template.

What needs the provider's schema is not checked; the module's page says so.
"""
import json
import re

import pytest
from cfnlint.decode import cfn_yaml

import hcl
import policies
import rules
import terraform
from fleet import CLUSTER
from stack import STACK, TEMPLATE, Stack, lower, normal

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


FILES = sorted(terraform.FOLDER.rglob("*.tf"), key=str)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_second_grammar_reads_every_file_and_terraform_fmt_would_change_nothing(path):
    source = path.read_text()
    assert not hcl.parse(source).has_error
    assert hcl.parse(source.replace("{", "", 1)).has_error, "a file that lacks a bracket is no HCL"
    assert source.splitlines() == list(terraform.laid_out(source))
    assert not [line for line in source.splitlines() if terraform.spaced_out(line) or "\t" in line]
    assert source.endswith("\n") and "\n\n\n" not in source


def test_the_layout_is_that_of_terraform_fmt():
    source = "a {\nb = 1\n    long_name=[\n1,\n]\n\n c = f({\n x = 1\n xyz  = \"a  = {\"\n})\n}\n"
    assert list(terraform.laid_out(source)) == [
        "a {", "  b = 1", "  long_name=[", "    1,", "  ]", "", "  c = f({", "    x   = 1", '    xyz = "a  = {"', "  })", "}"]


@pytest.fixture
def aws(moto_server, unjudged):
    """Clients of a moto that has nothing."""
    moto_server.reset()
    return lambda service: unjudged(service, moto_server)


def same(value, names):
    """A policy with lists of one as that one, and what one of the two calls otherwise by one name."""
    text = json.dumps(value)
    for name, other in names.items():
        text = text.replace(name, other)
    return normal(json.loads(text))


def statements(module, name):
    """The statements of a policy document of the module, as IAM writes them."""
    written = []
    for one in module.data[f"aws_iam_policy_document.{name}"].attributes["statement"]:
        statement = {"Sid": one.get("sid"), "Effect": "Allow", "Action": one["actions"], "Resource": one.get("resources")}
        for principal in one.get("principals", []):
            statement["Principal"] = {principal["type"]: principal["identifiers"]}
        for condition in one.get("condition", []):
            statement.setdefault("Condition", {})[condition["test"]] = {condition["variable"]: condition["values"]}
        written.append({key: value for key, value in statement.items() if value is not None})
    return written


@pytest.mark.parametrize("parameters", [
    {},
    {"Document": "/eastwest/prod"},
    {"Policy": "sync", "Replicas": "1"},
    {"Policy": "upsert-only", "Architecture": "ARM64"},
    {"Policy": "sync", "Document": "/eastwest/prod", "CreateNamespaces": "yes"},
])
def test_each_form_is_that_of_the_template(parameters, aws):
    inputs = {SAME[name]: value for name, value in parameters.items()}
    for name, read in (("replicas", int), ("create_namespaces", lambda word: word == "yes")):
        if name in inputs:
            inputs[name] = read(inputs[name])
    module, stack = terraform.module(**inputs), Stack(aws, **{"Image": terraform.GIVEN["image"], **parameters})
    assert not module.refusals()
    # The template leaves the names of the queue and the table to CloudFormation.
    table = stack.outputs.get("LeaseTableName", "no table")
    names = {stack.outputs["QueueUrl"].rpartition("/")[2]: STACK, table: STACK}
    granted = {name: json.loads(made.attributes["policy"]) for name, made in module.resources["aws_iam_role_policy.task"].items()}
    assert same(granted, {}) == same(stack.policies(), names)
    container = module.resources["aws_ecs_task_definition.this"].attributes["container_definitions"][0]
    environment = {pair["name"]: pair["value"] for pair in container["environment"]}
    of_stack = {**stack.environment(), "EASTWEST_QUEUE_URL": "<aws_sqs_queue.this.url>"}
    assert environment == same(of_stack, {table: STACK})
    written = lower(template("TaskDefinition")["ContainerDefinitions"][0])
    for member in ("name", "command", "user", "readonlyRootFilesystem", "linuxParameters", "portMappings", "healthCheck",
                   "stopTimeout", "essential"):
        assert container[member] == written[member], member
    assert container["image"] == stack.container()["image"]
    [service] = aws("ecs").describe_services(cluster=CLUSTER, services=[STACK])["services"]
    assert module.resources["aws_ecs_service.this"].attributes["desired_count"] == service["desiredCount"]
    assert len(module.resources["aws_dynamodb_table.leases"]) == len(aws("dynamodb").list_tables()["TableNames"])
    task = module.resources["aws_ecs_task_definition.this"].attributes
    assert task["runtime_platform"][0]["cpu_architecture"] == parameters.get("Architecture", "X86_64")
    # Both roles are for tasks of the account alone; moto's template has the same words.
    for role in aws("iam").list_roles()["Roles"]:
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert same(statement, {}) == same(statements(module, "tasks_of_this_account")[0], {})


def template(name):
    """The properties of a resource of the template."""
    return cfn_yaml.load(str(TEMPLATE))["Resources"][name]["Properties"]


def test_only_its_own_rules_may_send_to_its_queue():
    module = terraform.module(name="other")
    [statement] = statements(module, "let_the_rules_send")
    [like] = template("QueuePolicy")["PolicyDocument"]["Statement"]
    for member in ("Sid", "Effect", "Action", "Principal"):
        assert same(statement[member], {}) == same(like[member], {}), member
    assert statement["Resource"] == ["<aws_sqs_queue.this.arn>"]
    assert statement["Condition"] == {"ArnLike": {"aws:SourceArn": [
        f'<aws_cloudwatch_event_rule.this["{name}"].arn>' for name in rules.NAMES]}}
    assert module.resources["aws_sqs_queue_policy.this"].get("queue_url") == "<aws_sqs_queue.this.id>"


def test_the_alarms_and_filters_are_those_of_the_template():
    made = terraform.module().resources
    alarms = {alarm.get("alarm_description"): alarm for alarm in made["aws_cloudwatch_metric_alarm.this"].values()}
    resources = cfn_yaml.load(str(TEMPLATE))["Resources"]
    of_template = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(of_template) == len(alarms) == 5
    for wanted in of_template:
        alarm = alarms[wanted["AlarmDescription"]]
        for ours, theirs in (("namespace", "Namespace"), ("statistic", "Statistic"), ("threshold", "Threshold"),
                             ("comparison_operator", "ComparisonOperator"), ("period", "Period"),
                             ("evaluation_periods", "EvaluationPeriods"), ("treat_missing_data", "TreatMissingData")):
            assert alarm.get(ours) == wanted[theirs], (wanted["AlarmDescription"], ours)
        metric = json.dumps(wanted["MetricName"]).replace("${AWS::StackName}", "eastwest")
        assert alarm.get("metric_name") in metric
        assert set(alarm.get("dimensions")) == {one["Name"] for one in wanted.get("Dimensions", [])}
    heard = terraform.module(alarm_topics=["arn:topic"]).resources["aws_cloudwatch_metric_alarm.this"]
    told = {name for name, alarm in heard.items() if alarm.get("ok_actions")}
    assert told == {"not-running", "events-not-taken", "unread-messages"}
    assert all(alarm.get("alarm_actions") == ["arn:topic"] for alarm in heard.values())
    for ours, theirs in (("errors", "ErrorsFilter"), ("needs_person", "NeedsPersonFilter")):
        assert made[f"aws_cloudwatch_log_metric_filter.{ours}"].get("pattern") == resources[theirs]["Properties"]["FilterPattern"]


def named(module):
    """Every name that must be unique in an account and a Region."""
    every = [one for made in module.resources.values()
             for one in (made.values() if isinstance(made, dict) else made if isinstance(made, list) else [made])]
    return {f"{one.address.split('.')[0]} {name}" for one in every if "role" not in one.attributes
            for name in (one.attributes.get(key) for key in ("name", "name_prefix", "family", "alarm_name")) if name}


def test_a_second_cluster_shares_no_name_and_its_role_reaches_its_own_parts():
    first, second = terraform.module(policy="sync"), terraform.module(policy="sync", name="other", cluster="dev")
    assert len(named(first)) == 20 and not named(first) & named(second)
    granted = {name: json.loads(made.attributes["policy"])
               for name, made in second.resources["aws_iam_role_policy.task"].items()}
    reached = {name: policy["Statement"][0]["Resource"] for name, policy in granted.items()}
    arn = f"{terraform.REGION}:{terraform.ACCOUNT}"
    assert reached["events"] == [f"arn:aws:sqs:{arn}:other"] and reached["lease"] == [f"arn:aws:dynamodb:{arn}:table/other"]
    assert reached["converge"] == [f"arn:aws:ecs:{arn}:service/dev/*"]
    assert granted["converge"]["Statement"][2]["Resource"] == [f"arn:aws:ecs:{arn}:service/dev/other"]


ECR = f"{terraform.ACCOUNT}.dkr.ecr.{terraform.REGION}.amazonaws.com"
SECRET = f"arn:aws:secretsmanager:{terraform.REGION}:{terraform.ACCOUNT}:secret:eastwest-AbCdEf"
PARAMETER = f"arn:aws:ssm:{terraform.REGION}:{terraform.ACCOUNT}:parameter/token"


@pytest.mark.parametrize("inputs, granted", [
    ({"image": f"{ECR}/eastwest:0.1.0"}, {"LogIn": "*", "Pull": "eastwest"}),
    ({"image": f"{ECR}/team/eastwest@sha256:0a"}, {"LogIn": "*", "Pull": "team/eastwest"}),
    ({"image": f"{ECR}.cn/eastwest:0.1.0@sha256:0a"}, {"LogIn": "*", "Pull": "eastwest"}),
    ({"image": "ghcr.io/team/eastwest:0.1.0"}, {}),
    ({"image": "eastwest", "token": SECRET}, {"ReadTheToken": SECRET}),
    ({"image": "eastwest", "token": PARAMETER}, {"ReadTheToken": PARAMETER}),
])
def test_the_execution_role_reaches_the_image_the_token_and_the_log_alone(inputs, granted):
    module = terraform.module(**inputs)
    made = {one["Sid"]: one for one in statements(module, "start")}
    assert made.pop("Log")["Resource"] == ["<aws_cloudwatch_log_group.this.arn>:*"]
    reached = {sid: one["Resource"][0].removeprefix(f"arn:aws:ecr:{terraform.REGION}:{terraform.ACCOUNT}:repository/")
               for sid, one in made.items()}
    assert reached == granted
    if "token" in inputs:
        action = {SECRET: "secretsmanager:GetSecretValue", PARAMETER: "ssm:GetParameters"}[inputs["token"]]
        assert made["ReadTheToken"]["Action"] == [action]
    container = module.resources["aws_ecs_task_definition.this"].attributes["container_definitions"][0]
    assert container["secrets"] == [
        {"name": "EASTWEST_TOKEN", "valueFrom": arn} for arn in [inputs.get("token")] if arn]


@pytest.mark.parametrize("inputs", [
    {"policy": "everything"}, {"replicas": 3}, {"document": "/other/prod"}, {"name": "ab"}, {"name": "a" * 32},
    {"token": "secret in clear"}])
def test_an_input_that_is_not_allowed_is_refused_with_what_is(inputs):
    [refusal] = terraform.module(**inputs).refusals()
    assert refusal.endswith("."), refusal
