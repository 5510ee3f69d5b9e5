"""The image that `cargo xtask image` built: its files, its settings, its sizes, and its program with nothing but its files.

Not named `test_…`, because it needs an image. `bwrap` starts the program as a container runtime does: as the user of the
image, without capabilities, on a read-only file system, with `/proc`, `/dev` and the files of name resolution mounted.
"""
import datetime
import http.server
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import ssl
import stat
import tarfile
import threading
import time
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import sbom
import world
from fleet import CLUSTER, NAMESPACE, tags

HOME = pathlib.Path(os.environ["EASTWEST_IMAGE"])
IS_RELEASE = os.environ["EASTWEST_IMAGE_IS_RELEASE"] == "true"
USER = 65532
PROGRAM = "usr/local/bin/eastwest"
ROOTS = "etc/ssl/certs/ca-certificates.crt"
SBOM = "usr/local/share/sbom/eastwest.cdx.json"
# Everything but the libraries, whose folders have the name of the architecture.
FILES = {PROGRAM, ROOTS, SBOM, "etc/passwd", "etc/group"}
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
MIB = 1 << 20
HOST = "aws.eastwest.test"


def blob(digest):
    """The file of a digest in the OCI layout."""
    return HOME / "oci" / "blobs" / digest.replace(":", "/")


@pytest.fixture(scope="module")
def manifest():
    """What the image is made of."""
    [index] = json.loads((HOME / "oci" / "index.json").read_text())["manifests"]
    return json.loads(blob(index["digest"]).read_text())


@pytest.fixture(scope="module")
def members(manifest):
    """The members of its one layer."""
    [layer] = manifest["layers"]
    with tarfile.open(blob(layer["digest"])) as archive:
        return archive.getmembers()


@pytest.fixture
def root(manifest, tmp_path):
    """Its files, with the places at which a runtime mounts things."""
    folder = tmp_path / "root"
    [layer] = manifest["layers"]
    with tarfile.open(blob(layer["digest"])) as archive:
        archive.extractall(folder, filter="fully_trusted")
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    for name in ("proc", "dev", "mnt"):
        (folder / name).mkdir()
    for name in ("hosts", "resolv.conf"):
        (folder / "etc" / name).touch()
    yield folder
    shutil.rmtree(folder)


def test_it_has_these_files_and_no_other(members):
    files = {member.name for member in members if not member.isdir()}
    libraries = {name for name in files - FILES if pathlib.PurePath(name).name in LIBRARIES}
    assert files == FILES | libraries
    assert len(libraries) == 4, libraries
    assert not [member for member in members if member.issym() or member.islnk() or member.isdev()]


def test_it_carries_the_list_of_what_it_is_compiled_from(root):
    assert sbom.wrong(root / SBOM) is None
    assert (root / SBOM).read_bytes() == (HOME / "eastwest.cdx.json").read_bytes()


def test_nobody_may_write_and_nothing_changes_the_user(members):
    for member in members:
        assert member.uid == 0 and member.gid == 0, member.name
        assert not member.mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID), member.name


def test_it_runs_as_a_user_without_rights(manifest):
    config = json.loads(blob(manifest["config"]["digest"]).read_text())["config"]
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == [f"/{PROGRAM}"] and config["Cmd"] == ["run"]
    assert f"SSL_CERT_FILE=/{ROOTS}" in config["Env"]


@pytest.mark.skipif(not IS_RELEASE, reason="a program that is no release has another size")
def test_it_is_small(manifest, members):
    assert sum(member.size for member in members) <= 25 * MIB
    assert sum(layer["size"] for layer in manifest["layers"]) <= 12 * MIB


class Contained(world.Process):
    """The program of the image, with nothing but the image's files."""

    def __init__(self, root, folder, *arguments, environment, mounts=()):
        hosts, resolv = folder / "hosts", folder / "resolv.conf"
        hosts.write_text(f"127.0.0.1 localhost {HOST}\n")
        resolv.write_text("")
        command = ["bwrap", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "--share-net",
                   "--ro-bind", hosts, "/etc/hosts", "--ro-bind", resolv, "/etc/resolv.conf",
                   "--uid", str(USER), "--gid", str(USER), "--cap-drop", "ALL", "--die-with-parent", "--clearenv"]
        for source, target in mounts:
            command += ["--ro-bind", source, target]
        for name, value in environment.items():
            command += ["--setenv", name, value]
        super().__init__([*map(str, command), f"/{PROGRAM}", *arguments], folder / "contained.log")

    def process(self):
        """The id of the program itself, below the processes of bwrap."""
        number = self.child.pid
        while True:
            below = pathlib.Path(f"/proc/{number}/task/{number}/children").read_text().split()
            if not below:
                return number
            number = int(below[0])


RUN = ("run", "--policy", "sync", "--cluster", CLUSTER, "--interval", "1s", "--start-up-pause", "0s", "--listen",
       world.ANY_PORT, "--log-format", "json")


def live_in(contained, fleet):
    """The program converges a service, and can be asked over HTTP; its URL."""
    port = contained.wait_for_port(r'"listen":"127\.0\.0\.1:(\d+)"')
    url = f"http://127.0.0.1:{port}"
    fleet.service("web", {"web": 8080}, tag=tags(mode="client-server", namespace=NAMESPACE))
    world.wait_until(lambda: fleet.config("web"), contained.output)
    assert world.http("GET", f"{url}/livez")[0] == 200
    return url


@pytest.fixture
def contained_of(root, tmp_path):
    """Starts the program in the image."""
    started = []

    def start(*arguments, **options):
        started.append(Contained(root, tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


def test_it_converges_a_fleet_and_ends_within_two_seconds(live, live_fleet, contained_of):
    contained = contained_of(*RUN, environment={**world.CREDENTIALS, "AWS_ENDPOINT_URL": live.url})
    live_in(contained, live_fleet)
    number = contained.process()
    status = pathlib.Path(f"/proc/{number}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    asked = time.monotonic()
    os.kill(number, signal.SIGTERM)
    assert contained.child.wait(timeout=30) == 0
    # Two seconds, and what a loaded machine takes to notice.
    assert time.monotonic() - asked < 4


def test_it_needs_no_file_system_that_can_be_written(live, live_fleet, contained_of, root):
    before = sorted(root.rglob("*"))
    live_in(contained_of(*RUN, environment={**world.CREDENTIALS, "AWS_ENDPOINT_URL": live.url}), live_fleet)
    assert sorted(root.rglob("*")) == before


def certificates(folder):
    """A private root and a server's certificate that it signed: their files, and the server's key."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name, issuer, key, signer, extension):
        made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
        made = made.not_valid_before(now - datetime.timedelta(hours=1))
        return made.not_valid_after(now + datetime.timedelta(days=1)).sign(signer, hashes.SHA256())

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("a private root", HOST)]
    alternatives = x509.SubjectAlternativeName(
        [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = [certificate(names[0], names[0], keys[0], keys[0], x509.BasicConstraints(ca=True, path_length=0)),
            certificate(names[1], names[0], keys[1], keys[0], alternatives)]
    files = [folder / "root.pem", folder / "server.pem", folder / "server.key"]
    for file, each in zip(files, made):
        file.write_bytes(each.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files


@pytest.fixture
def https(live, tmp_path):
    """The simulator behind HTTPS: the URL by a host name, and the file of the private root."""
    trusted, certificate, key = certificates(tmp_path)

    class Forward(http.server.BaseHTTPRequestHandler):
        """Passes a call on to the simulator."""
        protocol_version = "HTTP/1.1"

        def do_POST(self):  # pylint: disable=invalid-name
            """One call."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = urllib.request.Request(live.url + self.path, data=body, headers=dict(self.headers))
            try:
                with urllib.request.urlopen(request, timeout=world.PATIENCE) as answer:
                    status, headers, text = answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as refused:
                status, headers, text = refused.code, refused.headers, refused.read()
            self.send_response(status)
            self.send_header("Content-Type", headers["Content-Type"])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"https://{HOST}:{server.server_port}", trusted
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_trusts_a_private_root_and_resolves_a_host_name(https, live_fleet, contained_of):
    url, trusted = https
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": "/mnt/root.pem"}
    (trusted.parent / "root" / "mnt" / "root.pem").touch()
    live_in(contained_of(*RUN, environment=environment, mounts=[(trusted, "/mnt/root.pem")]), live_fleet)


def test_it_trusts_nobody_else(https, contained_of):
    url, _ = https
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": f"/{ROOTS}"}
    contained = contained_of(*RUN, environment=environment)
    world.wait_until(lambda: "UnknownIssuer" in contained.output() or "certificate" in contained.output(),
                     contained.output)


def test_its_health_check_is_its_own_program(live, live_fleet, contained_of, root):
    task = json.loads((pathlib.Path(__file__).parents[2] / "deploy" / "task-definition.json").read_text())
    [container] = task["containerDefinitions"]
    kind, program, *_ = container["healthCheck"]["command"]
    assert kind == "CMD" and (root / program.lstrip("/")).is_file()
