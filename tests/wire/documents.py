"""What a platform team writes into Parameter Store, and the words to have eastwest read it."""
import json

from fleet import NAMESPACE

PARAMETER = "/eastwest/prod"
SOURCES = ("--source", "tags", "--source", f"ssm:{PARAMETER}")


def entry(port=None, name=None, mode="client-server", **more):
    """A service's entry; with a port or a name it has one endpoint."""
    endpoint = {**({"port": port} if port else {}), **({"discoveryName": name} if name else {})}
    endpoints = {"endpoints": [endpoint]} if endpoint else {}
    return {"mode": mode, "namespace": NAMESPACE, **endpoints, **more}


def document(services=None, **more):
    """The text of a document; `services` is entry by the service's name in `prod`."""
    named = {f"prod/{name}": said for name, said in (services or {}).items()}
    return json.dumps({"version": 1, "services": named, **more})


def put(ssm, text, name=PARAMETER, **more):
    """Writes a parameter, or its next version."""
    return ssm.put_parameter(Name=name, Value=text, **{"Type": "String", "Overwrite": True, **more})


def shown(controller):
    """Everything that a running eastwest shows to anybody."""
    paths = ("/metrics", "/api/v1/services", "/api/v1/plan", "/readyz")
    return controller.output() + "".join(controller.get(path)[1] for path in paths)


def trouble(controller):
    """What is wrong with the latest reading of the document, or nothing."""
    return (controller.json("/api/v1/plan").get("document") or {}).get("trouble")
