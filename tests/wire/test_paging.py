"""Pages, walked by botocore's own paginators; and tags, which come only when asked for."""
import pytest
from botocore.exceptions import ClientError

from fleet import CLUSTER, NAMESPACE, connect, served, tags

MANY = 23


@pytest.fixture
def many(fleet):
    """More services than two default pages hold, each with an endpoint."""
    task = fleet.task_definition("web", {"web": 8080})
    for number in range(MANY):
        endpoint = served("web", f"api-{number:02}")
        fleet.service(f"web-{number:02}", config=connect(endpoint), taskDefinition=task)
    fleet.settle()
    return fleet


def pages(client, operation, key, **arguments):
    """The sizes of the pages and everything in them."""
    found = [page[key] for page in client.get_paginator(operation).paginate(**arguments)]
    return [len(page) for page in found], [item for page in found for item in page]


def test_services_come_ten_to_a_page_unless_more_are_asked_for(many, ecs):
    sizes, arns = pages(ecs, "list_services", "serviceArns", cluster=CLUSTER)
    assert sizes == [10, 10, 3] and len(set(arns)) == MANY
    sizes, again = pages(ecs, "list_services", "serviceArns", cluster=CLUSTER,
                         PaginationConfig={"PageSize": 100})
    assert sizes == [MANY] and set(again) == set(arns)


def test_more_than_a_hundred_to_a_page_is_refused(many, ecs):
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ecs.list_services(cluster=CLUSTER, maxResults=101)


def test_a_token_that_was_never_given_is_refused(many, ecs):
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ecs.list_services(cluster=CLUSTER, nextToken="not-a-token")


def test_members_of_a_namespace_come_in_pages(many, ecs):
    sizes, arns = pages(ecs, "list_services_by_namespace", "serviceArns", namespace=NAMESPACE)
    assert sizes == [10, 10, 3] and len(set(arns)) == MANY


def test_cloud_map_services_come_in_pages(many, cloudmap):
    of = [{"Name": "NAMESPACE_ID", "Values": [many.namespace_id]}]
    sizes, found = pages(cloudmap, "list_services", "Services", Filters=of,
                         PaginationConfig={"PageSize": 10})
    assert sum(sizes) == MANY and max(sizes) <= 10
    assert sorted(s["Name"] for s in found) == [f"api-{n:02}" for n in range(MANY)]


def test_parameters_below_a_path_come_in_pages(ssm):
    names = [f"/eastwest/services/{n:02}" for n in range(MANY)]
    for name in [*names, "/other/x"]:
        ssm.put_parameter(Name=name, Value="{}", Type="String")
    sizes, found = pages(ssm, "get_parameters_by_path", "Parameters", Path="/eastwest/",
                         Recursive=True)
    assert sum(sizes) == MANY and max(sizes) <= 10
    assert sorted(p["Name"] for p in found) == names


def test_the_versions_of_a_parameter_come_in_pages(ssm):
    for number in range(53):
        ssm.put_parameter(Name="/e/a", Value=str(number), Type="String", Overwrite=True)
    sizes, found = pages(ssm, "get_parameter_history", "Parameters", Name="/e/a")
    assert sizes == [50, 3] and [each["Version"] for each in found] == list(range(1, 54))


def test_more_than_ten_parameters_to_a_page_are_refused(ssm):
    with pytest.raises(ClientError, match="ValidationException.*less than or equal to 10"):
        ssm.get_parameters_by_path(Path="/", MaxResults=11)


def test_tags_are_answered_only_when_they_are_asked_for(fleet, ecs):
    arn = fleet.service("web", tag=tags(mode="client"))["serviceArn"]
    assert "tags" not in fleet.describe("web") or fleet.describe("web")["tags"] == []
    assert fleet.describe("web", "TAGS")["tags"] == tags(mode="client")
    fleet.tag("web", mode="off", port="web")
    fleet.untag("web", "port")
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == tags(mode="off")
