"""The document in Parameter Store: what it says comes true, and nothing bad in it does any harm."""
import json

import pytest

from controller import plan
from documents import PARAMETER, SOURCES, document, entry, put, shown, trouble
from fleet import NAMESPACE, connect, served, tags
from test_converges import sweeps
from test_offline import eastwest
from world import wait_until

CANARY = "canary-of-a-secret"
AGE = "eastwest_document_age_seconds"
SERVER = {"mode": "client-server", "namespace": NAMESPACE}


@pytest.fixture
def started(live_fleet, live, proxy_of, controller_of):
    """Starts eastwest with both sources."""
    endpoint = proxy_of(live)
    return lambda *arguments, **options: controller_of(endpoint, *SOURCES, *arguments, **options)


@pytest.fixture
def web(live_fleet, live_ssm, started):
    """A service without a tag that the document has opted in, in order; the running eastwest."""
    live_fleet.service("web", {"web": 8080})
    put(live_ssm, document({"web": entry("web", "api")}))
    controller = started()
    controller.wait_synced("web")
    return controller


def named(fleet, name):
    """The discovery names that a service has in force."""
    return [endpoint.get("discoveryName") for endpoint in (fleet.config(name) or {}).get("services", [])]


def written(live):
    """The services written to, in order."""
    return [write["body"]["service"].rsplit("/", 1)[-1] for write in live.writes()]


def test_a_service_without_a_tag_is_opted_in_by_the_document(live_fleet, live, web):
    live_fleet.service("stranger", {"web": 8080})
    (endpoint,) = live_fleet.config("web")["services"]
    assert (endpoint["portName"], endpoint["discoveryName"]) == ("web", "api")
    assert endpoint["clientAliases"] == [{"port": 8080, "dnsName": f"api.{NAMESPACE}"}]
    sweeps(live, 3)
    assert written(live) == ["web"]
    assert live_fleet.config("stranger") is None
    assert live.writes("ecs.TagResource") == []


def test_more_parameters_than_a_page_holds_are_one_document(live_fleet, live, live_ssm, proxy_of,
                                                           controller_of):
    task = live_fleet.task_definition("web", {"web": 8080})
    names = [f"web-{number:02}" for number in range(12)]
    for name in names:
        live_fleet.service(name, taskDefinition=task)
        put(live_ssm, document({name: entry(mode="client")}), f"{PARAMETER}/teams/{name}")
    put(live_ssm, document({"outside": entry()}), f"{PARAMETER}-other/x")
    limits = {"rolloutsPerCluster": 12, "rolloutsPerNamespace": 12, "massChange": 12}
    put(live_ssm, document(limits=limits), f"{PARAMETER}/limits")
    controller = controller_of(proxy_of(live), "--source", f"ssm:{PARAMETER}/")
    controller.wait_synced(*names)
    assert sorted(written(live)) == names
    assert controller.json("/api/v1/plan")["document"]["services"] == len(names)


def test_a_secret_document_works_and_is_shown_nowhere(live_fleet, live, live_ssm, started):
    live_fleet.service("web", {"web": 8080}, tag=tags(logs="none"))
    logs = {"driver": "splunk", "options": {"splunk-token": CANARY, "splunk-url": "https://logs"}}
    put(live_ssm, document({"web": entry("web", "api", logs=logs)}), Type="SecureString")
    controller = started()
    controller.wait_service("web", "eastwest/logs", "overruled by the document")
    explained = eastwest("explain", "prod/web", *SOURCES, endpoint=live.url)
    said = f"{explained} {eastwest('plan', '--json', '--cluster', 'prod', *SOURCES, endpoint=live.url)}"
    assert "splunk" in said, said
    controller.wait_synced("web")
    options = live_fleet.config("web")["logConfiguration"]["options"]
    assert options == {"splunk-token": CANARY, "splunk-url": "https://logs"}
    said += shown(controller)

    wrong = entry("web", "api", logs=logs, testHeader={"name": CANARY}, refresh=CANARY, **{CANARY: 1})
    put(live_ssm, document({"web": wrong}), Type="SecureString")
    wait_until(lambda: "(hidden)" in (trouble(controller) or ""), lambda: shown(controller))
    said += f"{shown(controller)} {eastwest('explain', 'prod/web', *SOURCES, endpoint=live.url)}"
    put(live_ssm, f'{{"version": 1, "{CANARY}"', Type="SecureString")
    wait_until(lambda: "JSON" in (trouble(controller) or ""), lambda: shown(controller))
    said += f"{shown(controller)} {plan(live.url, *SOURCES)}"
    assert CANARY not in said, said
    assert written(live) == ["web"]


def test_a_bad_version_leaves_the_last_good_one_in_force_until_it_is_mended(live_fleet, live, live_ssm,
                                                                           web):
    assert web.metric("eastwest_issues", cluster="*") == 0
    put(live_ssm, document({"web": entry("web", "other", mode="clinet")}))
    web.wait_metric(1, "eastwest_issues", cluster="*")
    age = web.metric(AGE)
    sweeps(live, 3)
    wait_until(lambda: web.metric(AGE) > age + 3, lambda: web.get("/metrics")[1])
    where = f"{PARAMETER}#/services/prod~1web/mode"
    assert where in trouble(web) and 'did you mean "client"' in trouble(web)
    assert len(web.log_lines("the last good document stays in force until this is fixed")) == 1, web.output()
    assert written(live) == ["web"] and named(live_fleet, "web") == ["api"]
    web.wait_service("web", sync="Synced")

    grown = web.metric(AGE)
    put(live_ssm, document({"web": entry("web", "other")}))
    wait_until(lambda: named(live_fleet, "web") == ["other"], lambda: shown(web))
    wait_until(lambda: web.metric(AGE) < grown, lambda: web.get("/metrics")[1])
    web.wait_metric(0, "eastwest_issues", cluster="*")
    assert len(web.log_lines("the document is valid again")) == 1, web.output()


@pytest.mark.parametrize("how", ["deleted", "denied"])
def test_a_document_that_cannot_be_read_any_more_stays_in_force(how, live_fleet, live, live_ssm, web):
    if how == "deleted":
        live_ssm.delete_parameter(Name=PARAMETER)
    else:
        live.fault("ssm.GetParameter", "denied", times=100000)
    told = {"deleted": f"there is no parameter {PARAMETER}", "denied": "ssm.GetParameter"}[how]
    wait_until(lambda: told in (trouble(web) or ""), lambda: shown(web))
    age = web.metric(AGE)
    # What is in force is still kept up against other hands.
    live_fleet.update("web", connect(served("web", "by-hand")))
    wait_until(lambda: named(live_fleet, "web") == ["api"], lambda: shown(web))
    web.wait_synced("web")
    sweeps(live, 2)
    assert web.metric(AGE) > age and len(web.log_lines("not in force", told)) == 1, web.output()

    live.control("DELETE", "faults")
    put(live_ssm, document({"web": entry("web", "back")}))
    wait_until(lambda: named(live_fleet, "web") == ["back"], lambda: shown(web))


def test_a_document_that_becomes_empty_lets_go_and_writes_nothing(live_fleet, live, live_ssm, web):
    put(live_ssm, '{"version": 1}')
    wait_until(lambda: not web.service("web")["managed"], lambda: shown(web))
    sweeps(live, 3)
    assert written(live) == ["web"] and named(live_fleet, "web") == ["api"]
    assert web.log_lines("prod/web", "no longer managed")


def test_off_switches_off_and_is_read_back(live_fleet, live, live_ssm, web):
    put(live_ssm, document({"web": {"mode": "off"}}))
    wait_until(lambda: not (live_fleet.config("web") or {}).get("enabled"), lambda: shown(web))
    web.wait_synced("web")
    assert live.writes()[-1]["body"]["serviceConnectConfiguration"] == {"enabled": False}
    sweeps(live, 3)
    assert written(live) == ["web", "web"]
    wait_until(lambda: not web.service("web")["deployed"]["enabled"], lambda: shown(web))


def test_a_tag_that_the_document_overrules_is_reported(live_fleet, live_ssm, started):
    live_fleet.service("web", {"web": 8080}, tag=tags(**SERVER, discovery_name="by-tag", needs="orders"))
    put(live_ssm, document({"web": entry("web", "by-document", needs=["stock"])}))
    controller = started(policy="observe")
    found = controller.wait_service("web", "OutOfSync", "by-document", "overruled by the document")
    (needs,) = [issue for issue in found["issues"] if issue["place"] == "eastwest/needs"]
    assert needs["read"] == "orders" and "stock" in needs["allowed"]
    (endpoint,) = [issue for issue in found["issues"] if issue["place"] == "eastwest/discovery-name"]
    assert "by-tag" in endpoint["read"] and "by-document" in endpoint["allowed"]


def test_freeze_holds_every_change_until_it_is_lifted(live_fleet, live, live_ssm, started):
    live_fleet.service("web", {"web": 8080}, tag=tags(**SERVER))
    put(live_ssm, document(freeze=True))
    controller = started()
    controller.wait_service("web", '"Frozen"', '"Suspended"')
    sweeps(live, 3)
    assert written(live) == []
    controller.wait_metric(1, "eastwest_holds", cluster="prod", reason="Frozen")
    put(live_ssm, document(freeze=False))
    controller.wait_synced("web")


def test_a_parameter_that_a_tag_names_says_the_rest(live_fleet, live, live_ssm, started):
    live_fleet.service("web", {"web": 8080, "admin": 9090},
                       tag=tags(mode="client-server", document="/eastwest/teams/web"))
    endpoints = [{"port": "web", "discoveryName": "shop"}, {"port": "admin", "discoveryName": "back-office"}]
    put(live_ssm, json.dumps({"namespace": NAMESPACE, "endpoints": endpoints}), "/eastwest/teams/web")
    put(live_ssm, document())
    controller = started()
    controller.wait_synced("web")
    assert named(live_fleet, "web") == ["shop", "back-office"]
    put(live_ssm, '{"mod": "client"}', "/eastwest/teams/web")
    controller.wait_service("web", "/eastwest/teams/web#", "member 1 is unknown", '"Synced"')
    sweeps(live, 2)
    assert written(live) == ["web"]


def test_a_secret_that_a_tag_names_is_refused_and_not_shown(live_fleet, live_ssm, started):
    live_fleet.service("web", {"web": 8080}, tag=tags(**SERVER, document="/eastwest/teams/web"))
    put(live_ssm, json.dumps({"refresh": "always", "needs": [CANARY]}), "/eastwest/teams/web", Type="SecureString")
    put(live_ssm, document())
    controller = started(policy="observe")
    controller.wait_service("web", "/eastwest/teams/web", "SecureString", '"Ambiguous"')
    assert CANARY not in shown(controller)


def test_a_claimed_name_is_kept_from_a_stranger(live_fleet, live, live_ssm, started):
    for name in ("stranger", "payments-api"):
        live_fleet.service(name, {"web": 8080}, tag=tags(**SERVER, discovery_name="payments"))
    put(live_ssm, document(claims={"payments": ["prod/payments-api"]}))
    controller = started()
    controller.wait_service("stranger", '"Claimed"', "prod/payments-api", sync="OutOfSync")
    controller.wait_synced("payments-api")
    sweeps(live, 3)
    assert written(live) == ["payments-api"]


def test_two_services_can_swap_their_names(live_fleet, live, live_ssm, started):
    live_fleet.service("blue", {"web": 8080}, connect(served("web", "one", f"one.{NAMESPACE}")),
                       tag=tags(mode="client-server"))
    live_fleet.service("green", {"web": 8080}, connect(served("web", "two", f"two.{NAMESPACE}")),
                       tag=tags(mode="client-server"))
    live_fleet.settle()
    put(live_ssm, document())
    controller = started()
    controller.wait_synced("blue", "green")
    assert written(live) == []
    live_fleet.tag("blue", discovery_name="two")
    live_fleet.tag("green", discovery_name="one")
    wait_until(lambda: (named(live_fleet, "blue"), named(live_fleet, "green")) == (["two"], ["one"]),
               lambda: shown(controller))
    controller.wait_synced("blue", "green")
    sweeps(live, 2)
    refused = [write for write in live.writes() if write["effect"]["kind"] == "refused"]
    assert refused == []


def test_explain_names_who_decided_each_field(fleet, sim, ssm, proxy_of):
    fleet.service("web", {"web": 8080}, connect(served("web", "old", timeout={"idleTimeoutSeconds": 60})),
                  tag=tags(mode="client-server", timeout="request=9s", needs="orders"))
    fleet.service("new", {"web": 8080}, tag=tags(mode="client-server"))
    fleet.settle()
    put(ssm, document({"web": {"needs": ["stock"]}},
                      defaults={"namespace": NAMESPACE, "discoveryName": "{service}-{port}"}))
    endpoint = proxy_of(sim)
    code, text, err = eastwest("explain", "prod/web", *SOURCES, endpoint=endpoint)
    assert code == 0, err
    code, out, err = eastwest("explain", "prod/web", *SOURCES, "--json", endpoint=endpoint)
    assert code == 0, err
    fields = {field["field"]: field for field in json.loads(out)["fields"]}
    by = {name: field.get("said", {}).get("by") for name, field in fields.items()}
    wanted = {"mode": "tag", "needs": "document", "discovery-name": "deployed", "timeout request": "tag",
              "timeout idle": "deployed"}
    assert {name: by.get(name) for name in wanted} == wanted
    assert fields["mode"]["said"]["place"] == "eastwest/mode"
    assert [(said["value"], said["by"], said["place"]) for said in fields["needs"]["overruled"]] == [
        ("orders", "tag", "eastwest/needs")]
    for words in ("the document's entry", "tag eastwest/mode", "tag eastwest/needs", "kept as deployed"):
        assert words in text

    code, out, err = eastwest("explain", "prod/new", *SOURCES, "--json", endpoint=endpoint)
    assert code == 0, err
    said = {field["field"]: field.get("said") for field in json.loads(out)["fields"]}
    assert said["namespace"] == {"value": NAMESPACE, "by": "document-default"}
    assert (said["discovery-name"]["value"], said["discovery-name"]["by"]) == ("new-web", "document-default")
    assert sim.writes() == []


def test_without_a_good_document_nothing_is_written_and_plan_says_why(fleet, sim, ssm, proxy_of):
    fleet.service("web", {"web": 8080}, tag=tags(**SERVER))
    fleet.settle()
    endpoint = proxy_of(sim)
    for text, words in ((None, f"no parameter {PARAMETER}"), ('{"version": 2}', "version 1: this eastwest knows no other")):
        if text:
            put(ssm, text)
        code, out, err = plan(endpoint, *SOURCES)
        assert code == 1 and words in out + err, out + err
    put(ssm, document())
    code, out, err = plan(endpoint, *SOURCES, "--detailed-exitcode")
    assert code == 2, out + err
