"""The published schema, by a validator that is not ours: what it lets through is what `lint` lets through."""
import json
import pathlib

import jsonschema
import pytest

from test_offline import eastwest


@pytest.fixture(scope="module")
def validator():
    """A validator of draft 2020-12 for what `eastwest schema` prints."""
    code, out, err = eastwest("schema")
    assert code == 0, err
    schema = json.loads(out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def of(**members):
    """A document with these members."""
    return {"version": 1, **members}


def web(**members):
    """A document with this entry for a service."""
    return of(services={"prod/web": members})


def on(**members):
    """A document with this endpoint."""
    return web(mode="client-server", endpoints=[members])


ARN = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/a"
GOOD = [
    of(), of(freeze=True), of(freeze=False, namePorts=True),
    of(namespaces={"internal.myapp": {"type": "private-dns", "vpc": "vpc-0a1b", "create": True}}),
    of(namespaces={"shop": {"type": "http"}}),
    of(defaults={"namespace": "internal.myapp", "discoveryName": "{service}-{port}"}),
    of(claims={"payments": ["prod/payments-api"]}),
    of(limits={"rolloutsPerCluster": 1, "rolloutsPerNamespace": 1000, "massChange": "20%"}),
    of(limits={"massChange": 15}),
    web(), web(mode="client"), web(mode="off"), web(mode="client-server"), web(mode="off", endpoints=[{"port": "web"}]),
    web(namespace="ns-0123456789abcdef"), web(needs=[]), web(needs=["orders", "auth"]), web(refresh="always"),
    web(pause=True), web(pause=False), web(pause="2026-12-24T18:00:00Z"), web(logs="none"),
    web(logs={"driver": "awslogs", "options": {"awslogs-group": "g"}, "secretOptions": {"token": ARN}}),
    web(accessLogs={"format": "json", "query": True}), web(testHeader={"name": "X-Test", "value": "yes"}),
    web(testHeader={"name": "X-Test"}),
    on(port="web"), on(port=8080), on(port="8080"), on(discoveryName="api"), on(alias="api:80"), on(alias=":80"),
    on(timeout={"idle": "5m", "request": "0"}), on(ingressPort=1025),
    on(tls={"ca": ARN}), on(tls={"ca": ARN, "key": "alias/k", "role": "arn:aws:iam::123456789012:role/tls"}),
]
BAD = [
    {"services": {}}, of(version=2), of(version="1"), of(servces={}), of(freeze="true"), of(freeze=None),
    of(namePorts=1), of(services=1), of(namespaces={"a": {}}), of(namespaces={"a": {"type": "dns"}}),
    of(namespaces={"a": {"type": "http", "name": "a"}}), of(namespaces={"a": {"type": "http", "create": "yes"}}),
    of(defaults={"mode": "client"}), of(claims={"payments": "prod/web"}), of(claims={"payments": [1]}),
    of(claims={"payments": []}),     of(limits={"rolloutsPerCluster": 0}), of(limits={"rolloutsPerCluster": 1001}),
    of(limits={"rolloutsPerCluster": 1.5}), of(limits={"massChange": True}), of(limits={"rollouts": 1}),
    of(services={"prod/web": []}), of(services={"prod/web": {"mod": "client"}}),
    web(mode="clinet"), web(mode=None), web(namespace=1), web(needs="orders"), web(needs=[1]),
    web(refresh="sometimes"), web(pause=1), web(logs="all"), web(logs={"options": {}}),
    web(logs={"driver": "awslogs", "options": {"a": 1}}), web(accessLogs={"format": "xml"}), web(accessLogs={}),
    web(testHeader={"value": "yes"}), web(endpoints=[]), web(endpoints={}), web(endpoints=["web"]),
    on(port=0), on(port=65536), on(port=True), on(discoveryName=1), on(ingressPort=1024), on(ingressPort=65536),
    on(ingressPort="9000"), on(timeout={}), on(timeout={"idle": 5}), on(timeout={"idl": "5m"}), on(tls={}),
    on(tls={"key": "alias/k"}), on(name="api"),
    of(services={"web": {}}), of(claims={"Payments": ["prod/web"]}), of(limits={"massChange": "200%"}),
    of(namespaces={"a": {"type": "private-dns", "vpc": "0a1b"}}), on(discoveryName="Api"), on(alias="a b"),
    on(port="a b"), on(timeout={"idle": "5 minutes"}), on(tls={"ca": "alias/k"}),
]
# What two members say together, or a value's own grammar where the schema has no pattern for it: `lint` alone tells.
BEYOND = [
    of(namespaces={"a": {"type": "private-dns"}}), of(namespaces={"a": {"type": "http", "vpc": "vpc-0a1b"}}),
    of(defaults={"discoveryName": "same"}), of(claims={"payments": ["payments-api"]}),
    web(mode="client", endpoints=[{"port": "web"}]), web(endpoints=[{}, {}]),
    web(endpoints=[{"port": "web"}, {"port": "web"}]),
    web(namespace="a b"), web(needs=["Orders"]), web(pause="tomorrow"), on(alias="api:99999"),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """Whether `eastwest lint` refuses a document, and what it says."""
    folder = tmp_path_factory.mktemp("lint")

    def lint(said):
        file = folder / "document.json"
        file.write_text(json.dumps(said))
        code, out, err = eastwest("lint", file)
        assert code in (0, 1), err
        return code == 1, out + err
    return lint


def disagreement(documents, validator, refused, schema_says, lint_says):
    """The documents that one of the two judges otherwise."""
    found = []
    for said in documents:
        by_lint, text = refused(said)
        if (validator.is_valid(said), not by_lint) != (schema_says, lint_says):
            found.append((said, f"schema: {validator.is_valid(said)}, lint: {not by_lint}", text))
    return found


def test_what_is_good_passes_both(validator, refused):
    assert disagreement(GOOD, validator, refused, True, True) == []


def test_what_has_a_wrong_shape_passes_neither(validator, refused):
    assert disagreement(BAD, validator, refused, False, False) == []


def test_what_only_the_grammar_of_values_can_tell_is_refused_by_lint(validator, refused):
    assert disagreement(BEYOND, validator, refused, True, False) == []


def test_the_document_of_the_guide_passes_both(validator, refused):
    guide = (pathlib.Path(__file__).parents[2] / "docs/document.md").read_text()
    text = guide.split("```json\n", 1)[1].split("```", 1)[0]
    assert disagreement([json.loads(text)], validator, refused, True, True) == []
