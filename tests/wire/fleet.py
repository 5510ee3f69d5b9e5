"""Hands for making a small fleet through ordinary AWS calls, as a platform team would."""
import itertools

CLUSTER = "prod"
NAMESPACE = "internal.myapp"
ROLLOUT = 60


def tags(**words):
    """`mode="client"` as the tag `eastwest/mode=client`; underscores become hyphens."""
    return [{"key": f"eastwest/{k.replace('_', '-')}", "value": v} for k, v in words.items()]


def served(port_name, discovery=None, dns=None, port=8080, **more):
    """One endpoint of a Service Connect configuration."""
    alias = {"port": port, **({"dnsName": dns} if dns else {})}
    endpoint = {"portName": port_name, "clientAliases": [alias], **more}
    return {**endpoint, "discoveryName": discovery} if discovery else endpoint


def connect(*endpoints, namespace=NAMESPACE, **more):
    """A Service Connect configuration; without endpoints, a client's."""
    config = {"enabled": True, **more}
    if namespace:
        config["namespace"] = namespace
    return {**config, "services": list(endpoints)} if endpoints else config


class Fleet:
    """A cluster and a namespace, ready; services are added by the tests."""

    def __init__(self, sim, ecs, cloudmap):
        self.sim, self.ecs, self.cloudmap = sim, ecs, cloudmap
        self._tokens = itertools.count(1)
        self.namespace_id = self.make_namespace(NAMESPACE)
        self.cluster_arn = ecs.create_cluster(clusterName=CLUSTER)["cluster"]["clusterArn"]

    def make_namespace(self, name):
        """A private DNS namespace; waits for its operation on the simulator's clock."""
        made = self.cloudmap.create_private_dns_namespace(
            Name=name, Vpc="vpc-0a1b2c3d", CreatorRequestId=f"r{next(self._tokens)}")
        for _ in range(20):
            operation = self.cloudmap.get_operation(OperationId=made["OperationId"])["Operation"]
            if operation["Status"] == "SUCCESS":
                return operation["Targets"]["NAMESPACE"]
            self.sim.advance(1)
        raise AssertionError(f"the namespace is not ready: {operation}")

    def task_definition(self, family, ports, **more):
        """Registers a revision; `ports` is name → container port."""
        mappings = [{"name": name, "containerPort": port, "protocol": "tcp", "appProtocol": "http"}
                    for name, port in ports.items()]
        container = {"name": family, "image": f"example/{family}:1", "essential": True,
                     "portMappings": more.pop("mappings", mappings)}
        settings = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                    "cpu": "512", "memory": "1024", **more}
        made = self.ecs.register_task_definition(
            family=family, containerDefinitions=[container], **settings)
        return made["taskDefinition"]["taskDefinitionArn"]

    def service(self, name, ports=None, config=None, tag=None, **more):
        """Makes a service with a task definition of its own; the service as AWS answers it."""
        task = more.pop("taskDefinition", None) or self.task_definition(name, ports or {})
        cluster = more.pop("cluster", CLUSTER)
        settings = {
            "launchType": "FARGATE", "desiredCount": 1, "enableECSManagedTags": True,
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}},
            **more}
        if config:
            settings["serviceConnectConfiguration"] = config
        if tag:
            settings["tags"] = tag
        made = self.ecs.create_service(
            cluster=cluster, serviceName=name, taskDefinition=task,
            **{key: value for key, value in settings.items() if value is not None})
        return made["service"]

    def settle(self):
        """Lets every rollout that is under way come to its end."""
        self.sim.advance(ROLLOUT)

    def describe(self, name, *include):
        """The service as DescribeServices tells it."""
        answer = self.ecs.describe_services(
            cluster=CLUSTER, services=[name], include=list(include))
        assert not answer["failures"], answer["failures"]
        return answer["services"][0]

    def primary(self, name):
        """The newest deployment of a service."""
        deployments = self.describe(name)["deployments"]
        return next(d for d in deployments if d["status"] == "PRIMARY")

    def config(self, name):
        """The Service Connect configuration in force, or nothing."""
        return self.primary(name).get("serviceConnectConfiguration")

    def update(self, name, config=None, **more):
        """UpdateService; the service as AWS answers it."""
        if config is not None:
            more["serviceConnectConfiguration"] = config
        return self.ecs.update_service(cluster=CLUSTER, service=name, **more)["service"]

    def tag(self, name, **words):
        """Sets eastwest tags on a service."""
        self.ecs.tag_resource(resourceArn=self.describe(name)["serviceArn"], tags=tags(**words))

    def untag(self, name, *keys):
        """Takes eastwest tags off a service."""
        self.ecs.untag_resource(resourceArn=self.describe(name)["serviceArn"],
                                tagKeys=[f"eastwest/{key}" for key in keys])
