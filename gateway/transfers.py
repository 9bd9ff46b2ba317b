"""Bytes in and out, at signed addresses: no key comes with them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from ..store import Parts, Store, manifest_json
from .signing import Signer
from .types.base import gid

T = TypeVar("T")

THREADS = 32  # transfers at the same time; a slow line holds one for long, so they are not the threads of queries
SMALL = 1 << 20


class Transfers:
    """Takes and gives bytes."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._threads = anyio.CapacityLimiter(THREADS)

    async def take(self, request: Request) -> Response:
        """Bytes that a client sends: a file, a part of one, a manifest, or a file of a run."""
        kind = request.path_params["kind"]
        claims = self._signer.read(kind, request.query_params.get("token", ""))
        takers: dict[str, Callable[[dict[str, Any], Iterator[bytes]], dict[str, str]]] = {
            "new-file": self._file,
            "new-part": self._part,
            "new-manifest": self._manifest,
            "new-run-file": self._run_file,
        }
        if kind not in takers:
            return PlainTextResponse("Nothing is taken here.", 404)
        size = request.headers.get("content-length", "")
        if size.isdigit() and int(size) <= SMALL:
            body = await request.body()
            headers = await self._work(lambda: takers[kind](claims, iter([body] if body else [])))
        else:
            stream = request.stream()
            headers = await self._work(lambda: takers[kind](claims, _chunks(stream)))
        return Response(status_code=200, headers=headers)

    def _file(self, claims: dict[str, Any], chunks: Iterator[bytes]) -> dict[str, str]:
        store = self._store.as_actor(claims["a"])
        blob = store.blobs.put_stream(chunks)
        store.uploads.receive(claims["u"], claims["p"], claims["d"], blob)
        return {"ETag": f'"{blob.md5_base64}"'}

    def _part(self, claims: dict[str, Any], chunks: Iterator[bytes]) -> dict[str, str]:
        return {"ETag": f'"{Parts(self._store.blobs, claims["s"]).put(claims["n"], chunks)}"'}

    def _manifest(self, claims: dict[str, Any], chunks: Iterator[bytes]) -> dict[str, str]:
        text = b"".join(chunks).decode("utf-8", "replace")
        uploads = self._store.as_actor(claims["a"]).uploads
        uploads.put_manifest(claims["u"], text, added=claims["added"], base=claims["base"])
        return {}

    def _run_file(self, claims: dict[str, Any], chunks: Iterator[bytes]) -> dict[str, str]:
        store = self._store.as_actor(claims["a"])
        blob = store.blobs.put_stream(chunks)
        store.runs.put_file(claims["r"], claims["p"], blob)
        return {"ETag": f'"{blob.md5_base64}"'}

    async def give(self, request: Request) -> Response:
        """Bytes that a client asks for; parts of them, by ranges."""
        kind = request.path_params["kind"]
        claims = self._signer.read(kind, request.query_params.get("token", ""))
        if kind == "manifest":
            return await self._work(lambda: self._give_manifest(claims))
        if kind != "blob":
            return PlainTextResponse("Nothing is given here.", 404)
        path = self._store.blobs.path_of(claims["s"])
        if not path.is_file():
            return PlainTextResponse(f"The stored file {claims['s'][:12]}… is missing from the store.", 410)
        headers = {"ETag": f'"{claims["s"]}"', "X-Content-Type-Options": "nosniff", "Cache-Control": "private"}
        return FileResponse(path, media_type="application/octet-stream", headers=headers)

    def _give_manifest(self, claims: dict[str, Any]) -> Response:
        store = self._store.as_actor(claims["a"])
        version = store.versions.places_of(claims["v"])[0]
        files = store.versions.downloadable(version)
        births = {file.path: gid("Artifact", version.id) for file in files if file.uri is None}
        return Response(json.dumps(manifest_json(files, births)), media_type="application/json")

    async def _work(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)


def _chunks(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """What arrives, for a thread that waits for it: the client sends no faster than it is stored."""

    async def following() -> bytes | None:
        return await anext(stream, None)

    while (chunk := anyio.from_thread.run(following)) is not None:
        if chunk:
            yield chunk
