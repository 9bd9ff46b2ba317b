"""Who may come in, what is answered, and what an address is good for."""

from __future__ import annotations

import gzip
import hashlib
import json
import signal
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from curatory.gateway.pages import named
from curatory.gateway.signing import Refused as BadAddress
from curatory.gateway.signing import Signer
from curatory.store import File, Forbidden, NotFound

from .clients import Refused, Served

VIEWER = "query Viewer { viewer { username entity email flags teams { edges { node { name } } } } }"


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


# -- keys ----------------------------------------------------------------------------------------------------


def test_a_key_is_its_owner(served_on: Served) -> None:
    viewer = served_on.ask(VIEWER)["viewer"]
    assert (viewer["username"], viewer["entity"], viewer["flags"]) == ("ana", "vision", "{}")
    assert [edge["node"]["name"] for edge in viewer["teams"]["edges"]] == ["ana", "vision"]
    with served_on.store() as store:
        kims = store.keys.create("kim's", user="kim")[1]
        with store.as_actor("kim") as kim, pytest.raises(Forbidden, match="not allowed to touch the keys"):
            kim.keys.list(user="ana")
    assert served_on.ask(VIEWER, kims)["viewer"]["entity"] == "kim"


def test_a_bad_key_is_401_and_says_what_to_do(served: Served) -> None:
    for key in ("x" * 40, "", served.key[:-1], "ü" * 40):
        answer = served.post(VIEWER, key or " ")
        assert answer.status_code == 401, key
        assert "curatory key create" in answer.json()["errors"][0]["message"]
    assert httpx.post(f"{served.address}/graphql", json={"query": VIEWER}).status_code == 401
    stream = httpx.post(f"{served.address}/files/vision/p/r/file_stream", json={}, auth=("api", "x" * 40))
    assert stream.status_code == 401


def test_a_revoked_key_opens_nothing_at_once(served: Served) -> None:
    with served.store() as store:
        key, secret = store.keys.create("laptop")
        assert served.post(VIEWER, secret).status_code == 200
        assert store.keys.list()[-1].used_at is not None
        store.keys.revoke(key.id)
        assert served.post(VIEWER, secret).status_code == 401
        assert [event.action for event in store.events.of(limit=3).items][:2] == ["key.revoke", "key.create"]
        assert secret not in json.dumps([str(event) for event in store.events.of(limit=50).items])
        with pytest.raises(NotFound):
            store.undo.undo(None) if not store.undo.stack() else store.keys.revoke(99)


# -- answers -------------------------------------------------------------------------------------------------


def test_refusals_are_graphql_errors_with_http_200(served: Served) -> None:
    query = 'mutation { unlinkArtifact(input: {artifactID: "QXJ0aWZhY3Q6OTk=", artifactPortfolioID: "x"}) { success } }'
    answer = served.post(query)
    assert answer.status_code == 200
    assert "no such artifact" in answer.json()["errors"][0]["message"]
    with pytest.raises(Refused, match="is no id of this server"):
        served.ask('{ artifactCollection(id: "nonsense") { id } }')


def test_a_change_that_is_not_known_is_refused_and_told(served: Served) -> None:
    query = 'mutation { createTeam(input: {teamName: "t"}) { entity { id } } explode(input: {}) { ok } }'
    answer = served.post(query)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert [one["message"] for one in answer.json()["errors"]] == ['Cannot query field "explode" on type "Mutation".']
    assert served.unknown() == ["Mutation.explode"]
    assert served.ask("{ explode { ok } }") == {"explode": None}
    with served.store() as store:
        assert {team.name for team in store.teams.list()} == {"vision"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"query": 3}', b'{"query": "{ viewer {"}', b"\xff\xfe"])
def test_nonsense_is_400(served: Served, body: bytes) -> None:
    answer = httpx.post(f"{served.address}/graphql", content=body, auth=("api", served.key))
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_telemetry_is_answered_so_that_it_stays_off(served: Served) -> None:
    for kind in ("metrics", "logs", "traces"):
        assert httpx.post(f"{served.address}/sdk/otel/v1/{kind}", content=b"x").status_code in (404, 405)


def test_what_a_viewer_may_not_do_is_refused_in_the_stores_words(served: Served) -> None:
    with served.store() as store:
        store.registries.create("secret", visibility="restricted")
        kims = store.keys.create("kim's", user="kim")[1]
    query = 'query Q($n: String!) { project(name: $n, entityName: "acme") { id name } }'
    assert served.ask(query, n="wandb-registry-secret")["project"]["name"] == "wandb-registry-secret"
    assert served.ask(query, kims, n="wandb-registry-secret")["project"] is None
    rename = 'mutation { renameProject(input: {entityName: "acme", oldProjectName: "wandb-registry-secret", newProjectName: "wandb-registry-mine"}) { inserted } }'
    with pytest.raises(Refused, match="not found"):
        served.ask(rename, kims)


def test_registries_are_those_of_the_organization_that_is_asked_for(served: Served) -> None:
    with served.store() as store:
        store.organizations.create("globex")
        store.registries.create("reactors", organization="globex")
    query = """query R($o: String!, $f: JSONString) { organization(name: $o) { orgEntity {
        projects(filters: $f, first: 10) { edges { node { name } } } } } }"""

    def names(organization: str, filter: dict[str, object] | None = None) -> set[str]:
        found = served.ask(query, o=organization, f=json.dumps(filter or {}))["organization"]["orgEntity"]["projects"]
        return {edge["node"]["name"].removeprefix("wandb-registry-") for edge in found["edges"]}

    assert names("globex") == {"model", "dataset", "reactors"}
    assert names("acme") == {"model", "dataset"}
    assert names("globex", {"name": {"$regex": "react"}}) == {"reactors"}
    assert names("acme", {"name": {"$regex": "react"}}) == set()


def test_runs_by_a_filter_in_linear_time(served: Served) -> None:
    with served.store() as store:
        for name, rate in (("a" * 40, 0.1), ("b", 0.5)):
            store.runs.start("p", entity="vision", name=name, config={"lr": rate})
    query = """query Q($f: JSONString) { project(name: "p", entityName: "vision") {
        runs(filters: $f) { edges { node { name } } } } }"""

    def names(filter: dict[str, object]) -> list[str]:
        found = served.ask(query, f=json.dumps(filter))["project"]["runs"]["edges"]
        return [edge["node"]["name"] for edge in found]

    assert names({"config.lr": {"$gt": 0.2}}) == ["b"]
    assert names({"name": {"$regex": "^(a+)+$"}}) == ["a" * 40]
    assert names({"name": {"$regex": "^(a+)+b$"}}) == []  # would take Python's own matcher years
    with pytest.raises(Refused, match="operator"):
        names({"name": {"$where": "1"}})
    with pytest.raises(Refused, match="is never closed"):
        names({"name": {"$regex": "(a"}})


def test_introspection_for_clients_of_before(served: Served) -> None:
    query = "query P($n: String!) { __type(name: $n) { name fields { name } inputFields { name } } }"
    fields = {one["name"] for one in served.ask(query, n="Artifact")["__type"]["fields"]}
    assert {"artifactMemberships", "ttlDurationSeconds", "usedBy", "historyStep"} <= fields
    inputs = {one["name"] for one in served.ask(query, n="CreateArtifactInput")["__type"]["inputFields"]}
    assert {"clientID", "sequenceClientID", "ttlDurationSeconds", "tags"} <= inputs
    assert served.ask(query, n="LaunchAgent")["__type"] is None


# -- what runs stream ----------------------------------------------------------------------------------------


def _stream(served: Served, document: object, **headers: str) -> httpx.Response:
    body = json.dumps(document).encode()
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.compress(body)
    address = f"{served.address}/files/vision/p/r1/file_stream"
    return httpx.post(address, content=body, auth=("api", served.key), headers=headers)


def test_a_report_sent_twice_is_kept_once(served_on: Served) -> None:
    with served_on.store() as store:
        store.runs.start("p", entity="vision", name="r1")
        files = {
            "wandb-history.jsonl": {"offset": 0, "content": ['{"_step":0,"a":1}\n', '{"_step":1,"a":2}']},
            "output.log": {"offset": 0, "content": ["hello\n"]},
            "wandb-summary.json": {"offset": 0, "content": ['{"a": 2}']},
            "unheard.of": {"offset": 0, "content": ["x"]},
        }
        for _ in range(2):
            assert _stream(served_on, {"files": files}, **{"Content-Encoding": "gzip"}).json()["exitcode"] is None
        assert [row["a"] for row in store.runs.history("vision/p/r1")] == [1, 2]
        assert store.runs.lines("vision/p/r1", "output") == ["hello"]
        assert store.runs.get("vision/p/r1").summary == {"a": 2}
        assert _stream(served_on, {"complete": True, "exitcode": 1}).status_code == 200
        assert store.runs.get("vision/p/r1").state == "failed"


def test_bad_reports_lose_nothing(served: Served) -> None:
    with served.store() as store:
        store.runs.start("p", entity="vision", name="r1")
        for bad in ({"files": {"output.log": {}}}, {"files": {"output.log": {"offset": -1, "content": ["x"]}}}, [1]):
            assert _stream(served, bad).status_code == 400
        assert _stream(served, {"files": {"wandb-summary.json": {"content": ["{"]}}}).status_code == 400
        assert store.runs.lines("vision/p/r1", "output") == []
    gone = httpx.post(f"{served.address}/files/vision/p/none/file_stream", json={}, auth=("api", served.key))
    assert gone.status_code == 400


# -- signed addresses ----------------------------------------------------------------------------------------


def test_an_address_is_good_for_one_thing_and_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(b"secret", hours=1)
    token = signer.sign("blob", {"s": "ab"})
    assert signer.read("blob", token)["s"] == "ab"
    with pytest.raises(BadAddress, match="not for this"):
        signer.read("new-file", token)
    with pytest.raises(BadAddress):
        Signer(b"other").read("blob", token)
    head, _, tail = token.partition(".")
    for altered in (head + "x." + tail, head + "." + tail[:-2], "", ".", "a.b", "ü.ü", head):
        with pytest.raises(BadAddress):
            signer.read("blob", altered)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    with pytest.raises(BadAddress, match="expired"):
        signer.read("blob", token)


def _blob_address(served: Served, tmp_path: Path, data: bytes) -> str:
    file = tmp_path / "weights.bin"
    file.write_bytes(data)
    with served.store() as store:
        store.versions.log_paths([file], "detector", "model", project="p", entity="vision")
    query = """{ project(name: "p", entityName: "vision") { artifactCollectionMembership(name: "detector:v0") {
        files { edges { node { directUrl } } } } } }"""
    return served.ask(query)["project"]["artifactCollectionMembership"]["files"]["edges"][0]["node"]["directUrl"]


def test_bytes_are_given_whole_and_in_ranges_and_only_to_a_signed_address(served: Served, tmp_path: Path) -> None:
    data = bytes(range(256)) * 5_000
    address = _blob_address(served, tmp_path, data)
    assert httpx.get(address).content == data
    part = httpx.get(address, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, data[1000:2000])
    assert httpx.get(address.split("?")[0]).status_code == 403
    assert httpx.get(address + "x").status_code == 403
    assert httpx.put(address, content=b"x").status_code == 404
    assert httpx.get(address.replace("/storage/blob/", "/storage/manifest/")).status_code == 403


# -- processes -----------------------------------------------------------------------------------------------


def test_it_stops_gently(served: Served) -> None:
    assert served.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.address}/healthz")


def test_an_address_that_is_taken_is_told_at_once(served: Served, serving: Callable[..., Served]) -> None:
    import subprocess
    import sys

    from .clients import ROOT

    command = [sys.executable, "-m", "curatory.tui", "--store", served.url, "--as", "ana", "serve"]
    done = subprocess.run([*command, "--port", str(served.port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "choose another --host or --port" in done.stderr


def test_tls(serving: Callable[..., Served], tmp_path: Path) -> None:
    import ssl
    import subprocess

    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 1 -subj /CN=localhost "
        "-addext subjectAltName=IP:127.0.0.1",
        shell=True,
        check=True,
        capture_output=True,
    )
    from curatory.store import create_store

    from .clients import Served as Server

    url = str(tmp_path / "tls.db")
    with create_store(url, "ana", organization="acme", team="vision", durable=False) as store:
        secret = store.keys.create("tls")[1]
    server = Server(url, tmp_path, secret, options=["--tls-cert", str(certificate), "--tls-key", str(key)])
    context = ssl.create_default_context(cafile=str(certificate))
    with pytest.raises(AssertionError):  # its health is asked for without TLS here
        server.start()
    try:
        with httpx.Client(verify=context) as client:
            answer = client.post(
                f"https://127.0.0.1:{server.port}/graphql", json={"query": VIEWER}, auth=("api", secret)
            )
        assert answer.json()["data"]["viewer"]["username"] == "ana"
    finally:
        assert server.process is not None
        server.process.kill()
        server.process.wait()


# -- pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/vision/tour/runs/abc", "vision/tour/abc"),
        ("/vision/tour", "vision/tour"),
        ("/vision/tour/artifacts/model/detector/v3", "vision/tour/detector:v3"),
        ("/vision/tour/artifacts/model/detector/v3/files/a", "vision/tour/detector:v3"),
        ("/orgs/acme/registry/model", "acme/wandb-registry-model"),
        (
            "/orgs/acme/registry/model?selectionPath=acme/wandb-registry-model/det&view=membership&version=v2",
            "acme/wandb-registry-model/det:v2",
        ),
        ("/vision/registry/model?selectionPath=vision/model-registry/Old", "vision/model-registry/Old"),
    ],
)
def test_addresses_that_the_client_prints(address: str, path: str) -> None:
    split = httpx.URL(address)
    assert named(split.path, dict(split.params))[1] == path


def test_addresses_begin_with_the_one_that_is_public(serving: Callable[..., Served]) -> None:
    served = serving(None, "--public-url", "https://registry.example.com/")
    with served.store() as store:
        files = [File("f", 1, "a==", uri="s3://b/f")]
        store.versions.log(files, "det", "model", entity="vision", project="labs")
    query = """query { project(name: "labs", entityName: "vision") { artifact(name: "det:v0") {
        currentManifest { file { directUrl } } } } }"""
    address = served.ask(query)["project"]["artifact"]["currentManifest"]["file"]["directUrl"]
    assert address.startswith("https://registry.example.com/storage/")
    assert httpx.get(address.replace("https://registry.example.com", served.address)).status_code == 200


def test_a_page_says_the_command_and_nothing_of_the_store(served: Served) -> None:
    page = httpx.get(f"{served.address}/vision/<script>alert(1)/runs/a'b")
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "curatory show" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert httpx.get(f"{served.address}/a/b/c/d/e/f").status_code == 404
    assert httpx.get(f"{served.address}/").status_code == 200
