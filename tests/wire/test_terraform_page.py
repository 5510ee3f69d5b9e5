"""`docs/terraform-and-cdk.md`: its examples declare the same in each tool's words, and eastwest understands them."""
import json
import pathlib
import re
import subprocess
import sys

import hcl2
import yaml

import terraform
from test_pages import captured, eastwest

PAGE = (pathlib.Path(__file__).parents[2] / "docs/terraform-and-cdk.md").read_text()
DECLARED = {"mode": "client-server", "namespace": "internal.myapp", "discovery-name": "orders", "needs": "catalog payments"}


def blocks(kind):
    """The page's blocks of this kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def declared(tags):
    """Tags without the prefix, and without those of others."""
    return {key.removeprefix("eastwest/"): value for key, value in tags.items() if key.startswith("eastwest/")}


def test_terraform_cloudformation_and_cdk_set_the_same_tags():
    service = hcl2.loads(blocks("hcl")[0])["resource"][0]['"aws_ecs_service"']['"orders"']
    assert declared({terraform.text(key): terraform.text(value) for key, value in service["tags"].items()}) == DECLARED
    assert service["lifecycle"][0]["ignore_changes"] == ["service_connect_configuration"], service["lifecycle"]
    (template,) = blocks("yaml")
    tags = yaml.safe_load(template.replace("!Ref ", ""))["Orders"]["Properties"]["Tags"]
    assert declared({tag["Key"]: tag["Value"] for tag in tags}) == DECLARED
    script = "".join(blocks("ts"))
    assert declared(dict(re.findall(r"\.add\('([^']+)', '([^']+)', only\)", script))) == DECLARED
    assert "addPropertyDeletionOverride('ServiceConnectConfiguration')" in script


def test_cloudformation_takes_the_example(tmp_path):
    indented = "".join(f"  {line}\n" for line in blocks("yaml")[0].splitlines())
    template = tmp_path / "template.yaml"
    template.write_text("AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  OrdersTaskDefinition:\n    Type: String\n"
                        f"Resources:\n{indented}")
    command = [pathlib.Path(sys.executable).with_name("cfn-lint"), template]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_eastwest_understands_the_tags(tmp_path):
    capture = tmp_path / "services.json"
    capture.write_text(json.dumps({"services": [captured("orders", DECLARED)], "failures": []}))
    said = json.loads(eastwest("explain", "prod/orders", "--json", "--from", capture).split("\nnote:")[0])
    assert not [issue for issue in said["issues"] if issue["weight"] == "blocking"], said
    decided = {field["field"]: field["said"]["value"] for field in said["fields"] if field["said"]["by"] == "tag"}
    wanted = {**DECLARED, "endpoints": f"its port name={DECLARED['discovery-name']}"}
    del wanted["discovery-name"]
    assert decided == wanted, decided
