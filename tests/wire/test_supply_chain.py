"""What becomes part of the binary and of its image: whose it is, under which licence, and how much of it there is.

`cargo xtask test` runs cargo-deny by the rules of deny.toml. Here are rules that it has not, and a proof that it and hadolint
refuse what they must.
"""
import json
import re
import subprocess
import sys

import pytest

import sbom
import world

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = world.pathlib.Path(__file__).resolve().parents[2]
# Packages that are compiled into `eastwest` or run while it is compiled, with its own three: as many as there are. The goal is
# 200; docs/benchmarks.md says why it is not reached. A commit that raises a number says why.
CEILING = 257
# Names that are there in several versions: as many as there are.
TWICE = 6
# Programs that the pins bring, beside the Python that runs this.
PROGRAMS = world.pathlib.Path(sys.executable).parent
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def cargo(*arguments):
    """What a cargo command prints."""
    done = subprocess.run(["cargo", *arguments, "--offline"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def compiled():
    """Name and version of everything that `eastwest` is compiled from."""
    listed = cargo("tree", "--package", "eastwest", "--edges", "normal,build", "--prefix", "none", "--format", "{p}")
    found = {tuple(line.split()[:2]) for line in listed.splitlines() if line.strip()}
    return {(name, version.removeprefix("v")) for name, version in found}


@pytest.fixture(scope="module")
def packages(compiled):
    """The same with what their manifests say."""
    # What other systems need is not there, if only this one was built for.
    host = re.search(r"^host: (\S+)$", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout, re.M)
    metadata = json.loads(cargo("metadata", "--format-version=1", "--filter-platform", host[1]))
    found = [each for each in metadata["packages"] if (each["name"], each["version"]) in compiled]
    assert len(found) == len(compiled)
    return found


@pytest.fixture(scope="module")
def deny():
    """The rules of deny.toml."""
    return tomllib.loads((ROOT / "deny.toml").read_text())


def is_allowed(expression, allowed):
    """Whether an SPDX expression is met by these licences. `/` is an old way to write OR."""
    words = re.findall(r"\(|\)|[A-Za-z0-9.+-]+", expression.replace("/", " OR "))
    joined = re.sub(r"(\S+) WITH (\S+)", r"\1_WITH_\2", " ".join(words))
    known = {licence.replace(" WITH ", "_WITH_") for licence in allowed}
    terms = [{"AND": "and", "OR": "or", "(": "(", ")": ")"}.get(word, str(word in known)) for word in joined.split()]
    return eval(" ".join(terms), {})  # pylint: disable=eval-used; made of True, False, and, or and brackets alone


def test_an_expression_of_licences_is_read_as_spdx_means_it():
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}
    for expression, met in (
            ("MIT OR GPL-3.0", True), ("MIT AND GPL-3.0", False), ("GPL-3.0/MIT", True), ("GPL-3.0", False),
            ("(MIT OR GPL-3.0) AND Apache-2.0", True), ("Apache-2.0 WITH LLVM-exception", True),
            ("GPL-2.0 WITH LLVM-exception", False)):
        assert is_allowed(expression, allowed) == met, expression


def test_every_licence_is_allowed(packages, deny):
    allowed = set(deny["licenses"]["allow"])
    refused = {each["name"]: each["license"] for each in packages if not is_allowed(each["license"] or "none", allowed)}
    assert refused == {}


def test_everything_comes_from_the_registry_or_from_here(packages):
    assert {each["source"] for each in packages} == {None, REGISTRY}
    assert all(each["name"].startswith("eastwest") for each in packages if each["source"] is None)


def test_what_is_denied_is_not_compiled_in(compiled, deny):
    banned = {each["crate"] for each in deny["bans"]["deny"] if "wrappers" not in each}
    assert banned and not banned & {name for name, _ in compiled}
    assert "eastwest-sim" not in {name for name, _ in compiled}


def test_every_service_of_the_sdk_is_kept_to_one_crate(deny):
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    services = {each["name"] for each in lock if each["name"].startswith("aws-sdk-")}
    kept = {each["crate"] for each in deny["bans"]["deny"] if each.get("wrappers") in (["eastwest-aws"], ["aws-config"])}
    assert services and services <= kept


def package(folder, name, dependencies="", licence="MIT"):
    """Writes a package without code."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").touch()
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2024"\nlicense = "{licence}"\npublish = false\n'
        f"[dependencies]\n{dependencies}")


def refused(folder, what):
    """What cargo-deny refuses of the package in a folder, by the rules of this repository; `None` if nothing."""
    command = [PROGRAMS / "cargo-deny", "--manifest-path", folder / "Cargo.toml", "--config", ROOT / "deny.toml", "--color",
               "never", "check", what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert f"{what} FAILED" in done.stdout + done.stderr if done.returncode else f"{what} ok" in done.stdout, done.stderr
    return done.stderr if done.returncode else None


@pytest.mark.parametrize("name", ["eastwest-sim", "openssl-sys", "aws-sdk-ssm", "aws-sdk-dynamodb"])
def test_cargo_deny_refuses_what_is_kept_out_of_the_binary(name, tmp_path):
    package(tmp_path / "kept-out", name)
    package(tmp_path / "eastwest", "eastwest", f'{name} = {{ path = "../kept-out" }}\n')
    found = refused(tmp_path / "eastwest", "bans")
    assert found and f"error[banned]: crate '{name} = 1.0.0' is explicitly banned" in found


@pytest.mark.parametrize("licence, is_allowed_here", [("MIT", True), ("GPL-3.0-only", False), ("AGPL-3.0-only", False)])
def test_cargo_deny_refuses_a_licence_that_is_not_allowed(licence, is_allowed_here, tmp_path):
    package(tmp_path / "other", "other", licence=licence)
    package(tmp_path / "eastwest", "eastwest", 'other = { path = "../other" }\n')
    found = refused(tmp_path / "eastwest", "licenses")
    assert found is None if is_allowed_here else "error[rejected]" in found and licence in found


def test_cargo_deny_refuses_a_package_of_no_registry(tmp_path):
    package(tmp_path / "other", "other")
    git = ["git", "-C", tmp_path / "other", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a package"]):
        subprocess.run([*git, *arguments], check=True)
    package(tmp_path / "eastwest", "eastwest", f'other = {{ git = "file://{tmp_path}/other" }}\n')
    found = refused(tmp_path / "eastwest", "sources")
    assert found and "error[source-not-allowed]" in found


def lint(path):
    """The rules of hadolint that a Dockerfile breaks, whatever their weight."""
    command = [PROGRAMS / "hadolint", "--no-color", "--format", "json", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    return {finding["code"] for finding in json.loads(done.stdout)}


def test_hadolint_finds_nothing_in_the_dockerfile_and_would_find_mistakes(tmp_path):
    assert lint(ROOT / "Dockerfile") == set()
    text = (ROOT / "Dockerfile").read_text()
    worse = tmp_path / "Dockerfile"
    for change, rule in ((("# hadolint ignore=DL3008\n", ""), "DL3008"), (("WORKDIR /src\n", "WORKDIR src\n"), "DL3000"),
                         (("USER 65532:65532\n", "USER root\n"), "DL3002")):
        worse.write_text(text.replace(*change))
        assert rule in lint(worse), change


def test_there_are_no_more_packages_than_there_were(compiled):
    names = [name for name, _ in compiled]
    several = {name for name in names if names.count(name) > 1}
    assert len(compiled) <= CEILING, f"{len(compiled)} packages: take one away, or say in the commit why the ceiling rises"
    assert len(several) <= TWICE, several


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """The CycloneDX list, and the file it is in."""
    path = tmp_path_factory.mktemp("sbom") / "eastwest.cdx.json"
    sbom.make(path)
    return json.loads(path.read_text()), path


def test_the_list_in_the_image_is_cyclonedx(listed, tmp_path):
    document, path = listed
    assert sbom.wrong(path) is None
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**document, "components": [{"type": "library"}]}))
    assert sbom.wrong(broken) is not None, "the schema refuses nothing"


def test_the_list_has_what_is_linked_and_nothing_else(listed, compiled):
    document, _ = listed
    edges = ("tree", "--package", "eastwest", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    linked = {tuple(line.split()[:2]) for line in cargo(*edges).splitlines() if line.strip()}
    linked = {(name, version.removeprefix("v")) for name, version in linked}
    program = document["metadata"]["component"]
    components = [program, *document["components"]]
    named = {(each["name"], each["version"]) for each in components}
    assert named == linked and named < compiled and len(named) == len(components)
    assert program["name"] == "eastwest" and "eastwest-sim" not in {name for name, _ in named}


def test_each_of_the_list_has_its_licence_and_the_hash_of_the_lock(listed, deny):
    document, path = listed
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    locked = {(each["name"], each["version"]): each.get("checksum") for each in lock}
    allowed = set(deny["licenses"]["allow"])
    for each in [document["metadata"]["component"], *document["components"]]:
        [licence] = each["licenses"]
        assert is_allowed(licence["expression"], allowed), each
        hashes = [found["content"] for found in each.get("hashes", [])]
        checksum = locked[each["name"], each["version"]]
        assert hashes == ([checksum] if checksum else []), each
        assert each["purl"] == f"pkg:cargo/{each['name']}@{each['version']}"
    # Nothing of the machine it was made on.
    assert str(ROOT) not in path.read_text()


def test_the_list_says_who_needs_whom_and_is_the_same_each_time(listed, tmp_path):
    document, path = listed
    needs = {each["ref"]: set(each["dependsOn"]) for each in document["dependencies"]}
    known = set(needs)
    assert set().union(*needs.values()) < known
    reached, left = set(), {document["metadata"]["component"]["bom-ref"]}
    while left:
        reached |= left
        left = set().union(*(needs[ref] for ref in left)) - reached
    assert reached == known
    sbom.make(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_every_version_is_locked_with_its_hash():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    assert all("checksum" in each for each in lock if each.get("source") == REGISTRY)
    assert {each.get("source") for each in lock} == {None, REGISTRY}
