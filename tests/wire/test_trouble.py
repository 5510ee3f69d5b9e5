"""Quotas, faults and calls that do not exist, as an AWS SDK meets them."""
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError, HTTPClientError

import world
from fleet import CLUSTER, Fleet, connect, served
from test_validation import refusal

DESCRIBE = {"cluster": CLUSTER, "services": ["web"]}


@pytest.fixture
def web(fleet):
    """A settled service."""
    fleet.service("web", {"web": 8080})
    fleet.settle()
    return fleet


def test_calls_beyond_the_bucket_are_refused_and_the_bucket_fills_again(simulator_of, judged):
    sim = simulator_of("--quotas")
    ecs = judged("ecs", sim)
    fleet = Fleet(sim, ecs, judged("servicediscovery", sim))
    said = []
    for _ in range(105):
        try:
            ecs.list_services(cluster=CLUSTER)
        except ClientError as refused:
            said.append(refused.response["Error"])
    assert said and said[0] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    ecs.describe_clusters(clusters=[CLUSTER])
    sim.advance(1)
    ecs.list_services(cluster=CLUSTER)
    assert fleet.namespace_id


def test_without_quotas_nothing_is_refused_for_its_rate(web, ecs):
    for _ in range(150):
        ecs.list_services(cluster=CLUSTER)


def test_a_throttled_call_says_so_and_does_nothing(sim, web, ecs):
    sim.fault("ecs.UpdateService", "throttle")
    said = refusal(ecs.update_service, cluster=CLUSTER, service="web", forceNewDeployment=True)
    assert said == ("ThrottlingException", "Rate exceeded", 400)
    assert len(web.describe("web")["deployments"]) == 1


def test_an_error_before_changes_nothing_and_an_error_after_has_changed_it(sim, web, ecs):
    for kind, deployments in (("error-before", 1), ("error-after", 2)):
        sim.fault("ecs.UpdateService", kind)
        said = refusal(ecs.update_service, cluster=CLUSTER, service="web", forceNewDeployment=True)
        assert said[2] in (500, 503)
        assert len(web.describe("web")["deployments"]) == deployments


def test_a_timeout_before_changes_nothing_and_a_timeout_after_has_changed_it(sim, web, judged):
    hasty = judged("ecs", sim, read_timeout=1)
    for kind, deployments in (("timeout-before", 1), ("timeout-after", 2)):
        sim.fault("ecs.UpdateService", kind)
        before = sim.called("ecs.UpdateService")
        with pytest.raises(HTTPClientError):
            hasty.update_service(cluster=CLUSTER, service="web", forceNewDeployment=True)
        # We may have given up before the call was read.
        world.wait_until(lambda: sim.called("ecs.UpdateService") == before + 1, kind)
        assert len(web.describe("web")["deployments"]) == deployments


def test_a_stale_read_answers_as_things_were(sim, web, ecs):
    sim.advance(120)
    web.update("web", connect(served("web", "api")))
    sim.fault("ecs.DescribeServices", "stale")
    assert len(ecs.describe_services(**DESCRIBE)["services"][0]["deployments"]) == 1
    assert len(ecs.describe_services(**DESCRIBE)["services"][0]["deployments"]) == 2


def test_a_partial_answer_reports_failures_or_a_short_page(sim, web, ecs):
    web.service("other")
    sim.fault("ecs.DescribeServices", "partial")
    answer = ecs.describe_services(cluster=CLUSTER, services=["web", "other"])
    assert answer["failures"] and len(answer["services"]) < 2
    sim.fault("ecs.ListServices", "partial")
    page = ecs.list_services(cluster=CLUSTER)
    assert len(page["serviceArns"]) < 2 and page["nextToken"]
    rest = ecs.list_services(cluster=CLUSTER, nextToken=page["nextToken"])["serviceArns"]
    assert len({*page["serviceArns"], *rest}) == 2


def test_a_denied_call_names_the_action(sim, web, ecs):
    sim.fault("ecs.DescribeServices", "denied")
    said = refusal(ecs.describe_services, **DESCRIBE)
    assert said[0] == "AccessDeniedException" and "ecs:DescribeServices" in said[1]


def test_a_fault_strikes_the_nth_call_and_as_often_as_it_was_told(sim, web, ecs):
    sim.fault("ecs.DescribeServices", "throttle", nth=2, times=2)
    said = []
    for _ in range(4):
        try:
            ecs.describe_services(**DESCRIBE)
            said.append("ok")
        except ClientError as refused:
            said.append(refused.response["Error"]["Code"])
    assert said == ["ok", "ThrottlingException", "ThrottlingException", "ok"]


def test_faults_can_be_taken_back(sim, web, ecs):
    sim.fault("ecs.DescribeServices", "throttle", times=100)
    sim.control("DELETE", "faults")
    assert ecs.describe_services(**DESCRIBE)["services"]


def test_an_endpoint_that_answers_html_is_no_answer(sim, web, unjudged):
    sim.fault("ecs.DescribeServices", "html")
    with pytest.raises(ClientError) as caught:
        unjudged("ecs", sim).describe_services(**DESCRIBE)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


def test_an_operation_that_is_not_there_is_an_honest_error(web, ecs):
    said = refusal(ecs.list_account_settings)
    assert (said[0], said[2]) == ("UnknownOperationException", 400)


def test_a_body_that_is_not_json_is_a_serialization_error(sim):
    request = urllib.request.Request(sim.url, data=b"{", method="POST", headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListServices",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/ecs/aws4_request, "
                         "SignedHeaders=host, Signature=0"})
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request):
        raise AssertionError("an answer to a broken request")
    with caught.value:
        assert caught.value.code == 400
        assert "SerializationException" in json.dumps(json.loads(caught.value.read()))


def test_calls_are_counted_and_writes_are_logged_with_their_caller(sim, web, ecs):
    sim.forget_calls()
    ecs.list_services(cluster=CLUSTER)
    web.update("web", forceNewDeployment=True)
    assert sim.calls() == {"ecs.ListServices": 1, "ecs.UpdateService": 1}
    (entry,) = sim.writes(caller="Boto3")
    assert entry["body"] == {"cluster": CLUSTER, "service": "web", "forceNewDeployment": True}
    assert entry["effect"]["kind"] == "started"
    assert world.http("GET", f"{sim.url}/_sim/nothing")[0] == 404
