"""The image that `cargo xtask image` built: its files, its settings, its sizes, and its program with nothing but its files.

Not named `test_…`, because it needs an image. `bwrap` starts the program as a container runtime does: as the first process,
as the user of the image, without capabilities, on a read-only file system, with `/proc`, `/dev` and the files of name
resolution mounted.
"""
import datetime
import http.server
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import socketserver
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
# Where a name server of a test listens: an address of this machine that nobody else takes, and the one port that the C
# library asks.
NAME_SERVER = ("127.0.83.53", 53)


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


@pytest.fixture(scope="module")
def root(manifest, tmp_path_factory):
    """Its files, with the places at which a runtime mounts things."""
    folder = tmp_path_factory.mktemp("image") / "root"
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
    (folder / "mnt" / "root.pem").touch()
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
    [program] = [member for member in members if member.name == PROGRAM]
    assert program.size <= 16_000_000


class Contained(world.Process):
    """The program of the image, with nothing but the image's files."""

    def __init__(self, root, folder, *arguments, environment, mounts=(), hosts=f"127.0.0.1 {HOST}\n", resolv=""):
        command = ["bwrap", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "--share-net",
                   "--as-pid-1", "--uid", str(USER), "--gid", str(USER), "--cap-drop", "ALL", "--die-with-parent",
                   "--clearenv"]
        folder.mkdir()
        for name, text in (("hosts", f"127.0.0.1 localhost\n{hosts}"), ("resolv.conf", resolv)):
            (folder / name).write_text(text)
            command += ["--ro-bind", folder / name, f"/etc/{name}"]
        for source, target in mounts:
            command += ["--ro-bind", source, target]
        for name, value in environment.items():
            command += ["--setenv", name, value]
        super().__init__([*map(str, command), f"/{PROGRAM}", *arguments], folder / "log")

    def process(self):
        """The id of the program itself: the one process below that of bwrap."""
        [number] = children(self.child.pid)
        return number


def children(number):
    """The ids of the processes that a process has started and not yet buried."""
    tasks = pathlib.Path(f"/proc/{number}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def in_the_same_container(number):
    """The ids of all processes that see the same processes as this one, zombies too."""
    def namespace(folder):
        try:
            return os.readlink(folder / "ns" / "pid")
        except OSError:
            return None  # It has ended by now.

    own = namespace(pathlib.Path(f"/proc/{number}"))
    folders = [folder for folder in pathlib.Path("/proc").iterdir() if folder.name.isdigit()]
    return [int(folder.name) for folder in folders if namespace(folder) == own]


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
        started.append(Contained(root, tmp_path / f"contained-{len(started)}", *arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def contained(live, contained_of):
    """The program in the image, for the simulator."""
    return contained_of(*RUN, environment={**world.CREDENTIALS, "AWS_ENDPOINT_URL": live.url})


def test_it_converges_a_fleet_and_ends_within_two_seconds(live_fleet, contained):
    live_in(contained, live_fleet)
    number = contained.process()
    status = pathlib.Path(f"/proc/{number}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    # As in a container, it is the first process: nobody else has a handler for the signal.
    assert re.search(r"^NSpid:.*\t1$", status, re.M), status
    asked = time.monotonic()
    os.kill(number, signal.SIGTERM)
    assert contained.child.wait(timeout=30) == 0
    assert time.monotonic() - asked < 2


def test_it_starts_no_process_and_leaves_no_zombie(live_fleet, contained):
    live_in(contained, live_fleet)
    number = contained.process()
    assert children(number) == []
    assert in_the_same_container(number) == [number]


def test_it_needs_no_file_system_that_can_be_written(live_fleet, contained, root):
    before = sorted(root.rglob("*"))
    live_in(contained, live_fleet)
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


def settings(https):
    """What makes the program call the simulator over HTTPS: its environment and what is mounted."""
    url, trusted = https
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": "/mnt/root.pem"}
    return {"environment": environment, "mounts": [(trusted, "/mnt/root.pem")]}


def test_it_trusts_a_private_root_and_resolves_a_name_of_etc_hosts(https, live_fleet, contained_of):
    live_in(contained_of(*RUN, **settings(https)), live_fleet)


class NameServer(socketserver.ThreadingUDPServer):
    """A DNS server that knows the IPv4 address of one name, and keeps which names it was asked for."""

    def __init__(self):
        self.asked = []
        super().__init__(NAME_SERVER, Answer)


class Answer(socketserver.BaseRequestHandler):
    """One query, answered as RFC 1035 has it."""

    def handle(self):
        query, socket = self.request
        labels, rest = [], query[12:]
        while rest[0]:
            labels.append(rest[1:rest[0] + 1].decode())
            rest = rest[rest[0] + 1:]
        name, kind, question = ".".join(labels), rest[1:3], query[12:len(query) - len(rest) + 5]
        self.server.asked.append(name)
        is_known = name == HOST
        # A response that offers recursion, or "no such name"; one question, as many answers as there are.
        flags = b"\x81\x80" if is_known else b"\x81\x83"
        # The name of the question, type A, class IN, to be kept for a minute, the four bytes of the address.
        records = [b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"] if is_known and kind == b"\0\1" else []
        counts = b"\0\1" + bytes([0, len(records)]) + b"\0\0\0\0"
        socket.sendto(query[:2] + flags + counts + question + b"".join(records), self.client_address)


@pytest.fixture
def name_server():
    """A DNS server of this machine."""
    try:
        server = NameServer()
    except PermissionError:
        pytest.skip("NOT CHECKED that the program in the image asks a DNS server: only root may listen on port 53")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_asks_the_name_server_of_the_container(name_server, https, live_fleet, contained_of):
    resolv = f"nameserver {NAME_SERVER[0]}\n"
    live_in(contained_of(*RUN, **settings(https), hosts="", resolv=resolv), live_fleet)
    assert set(name_server.asked) == {HOST}


def test_it_trusts_nobody_else(https, contained_of):
    url, _ = https
    environment = {**world.CREDENTIALS, "AWS_ENDPOINT_URL": url, "SSL_CERT_FILE": f"/{ROOTS}"}
    contained = contained_of(*RUN, environment=environment)
    world.wait_until(lambda: "UnknownIssuer" in contained.output() or "certificate" in contained.output(),
                     contained.output)


def test_its_own_program_is_its_health_check(live_fleet, contained, contained_of):
    task = json.loads((pathlib.Path(__file__).parents[2] / "deploy" / "task-definition.json").read_text())
    [container] = task["containerDefinitions"]
    kind, program, *arguments = container["healthCheck"]["command"]
    assert kind == "CMD" and program == f"/{PROGRAM}"
    listen = live_in(contained, live_fleet).removeprefix("http://")

    def check():
        return contained_of(*arguments, environment={"EASTWEST_LISTEN": listen})

    lives = check()
    assert lives.child.wait(timeout=world.PATIENCE) == 0, lives.output()
    contained.stop()
    gone = check()
    assert gone.child.wait(timeout=world.PATIENCE) == 1
    assert listen in gone.output()
