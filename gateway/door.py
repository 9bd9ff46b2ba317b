"""The door itself: its addresses, who may come in, and what each is answered with."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import secrets
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from urllib.parse import unquote

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ..store import Busy, CuratoryError, Forbidden, Store, Unavailable
from .graphql import BadQuery, Execution, UnknownChange
from .pages import page_of
from .signing import Refused, Signer
from .streaming import take_stream
from .transfers import Transfers
from .types.artifacts import address_of
from .types.base import Call, Told
from .types.mutation import Mutation
from .types.query import Query

T = TypeVar("T")

LOG = logging.getLogger("curatory.gateway")
MAX_QUERY = 32 << 20  # bytes; 10,000 files announced at once are 2 MB
MAX_STREAM = 256 << 20  # of one report of a run, unpacked
THREADS = 16  # that work on the store at the same time; each has a connection

# Whose key that is; None where it opens nothing.
Opener = Callable[[str], str | None]
# What runs for as long as the door is open.
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Door:
    """Answers the client's requests with a store.

    Args:
        store: of anybody; each request acts as the owner of its key.
        opener: whose key that is.
        public: the address under which clients reach the door; from each request unless given.
        lifespan: what runs beside it.

    Attributes:
        missing: "Type.field" of everything that was asked for and is not known.
        busy: how many requests are being answered.
    """

    def __init__(
        self,
        store: Store,
        *,
        opener: Opener,
        signer: Signer,
        public: str | None = None,
        lifespan: Lifespan | None = None,
    ) -> None:
        self.store = store
        self.signer = signer
        self.missing: set[str] = set()
        self.busy = 0
        self._opener = opener
        self._public = public.rstrip("/") if public else None
        self._threads = anyio.CapacityLimiter(THREADS)
        transfers = Transfers(store, signer)
        self.app = Starlette(
            routes=[
                Route("/graphql", self._counted(self.graphql), methods=["POST"]),
                Route("/files/{entity}/{project}/{run}/file_stream", self._counted(self.file_stream), methods=["POST"]),
                Route("/storage/{kind}/{name:path}", self._counted(transfers.take), methods=["PUT"]),
                Route("/storage/{kind}/{name:path}", self._counted(transfers.give), methods=["GET", "HEAD"]),
                Route("/artifactsV2/{rest:path}", self._counted(self.file_of_version), methods=["GET"]),
                Route("/healthz", self.health, methods=["GET"]),
                Route("/{path:path}", self.page, methods=["GET"]),
            ],
            lifespan=lifespan,
        )

    def _counted(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.busy += 1
            try:
                return await handler(request)
            except ClientDisconnect:
                return Response(status_code=499)  # nobody reads it
            except Refused as error:
                return PlainTextResponse(str(error), 403)
            except (Busy, Unavailable) as error:
                return PlainTextResponse(str(error), 503, {"Retry-After": "1"})
            except Forbidden as error:
                return PlainTextResponse(str(error), 403)
            except CuratoryError as error:
                return PlainTextResponse(str(error), 400)
            finally:
                self.busy -= 1

        return answer

    async def _work(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    def base(self, request: Request) -> str:
        return self._public or str(request.base_url).rstrip("/")

    def _entered(self, request: Request) -> Store | None:
        """The store as the owner of the request's key; None: no key, or one that opens nothing."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                secret = base64.b64decode(value, validate=True).decode().partition(":")[2]
            except ValueError:
                return None
        elif scheme.lower() == "bearer":
            secret = value.strip()
        else:
            return None
        actor = self._opener(secret)
        return self.store.as_actor(actor) if actor is not None else None

    # -- GraphQL ------------------------------------------------------------------------------------------------

    async def graphql(self, request: Request) -> Response:
        body = await _body(request, MAX_QUERY)
        if body is None:
            return PlainTextResponse("That is more than a query can be.", 413)
        try:
            asked = json.loads(body)
            query, variables = asked["query"], asked.get("variables") or {}
            execution = Execution(query, variables, asked.get("operationName") or None)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _errors("The request is no JSON object with a GraphQL query in it.", 400)
        except BadQuery as error:
            return _errors(str(error), 400)
        return await self._work(lambda: self._answer(request, execution))

    def _answer(self, request: Request, execution: Execution) -> Response:
        store = self._entered(request)
        if store is None:
            return _unauthorized()
        call = Call(store, self.base(request), self.signer)
        try:
            data = execution.answer(Mutation(call) if execution.is_mutation else Query(call))
        except BadQuery as error:
            return _errors(str(error), 400)
        except (Busy, Unavailable) as error:
            # The client asks again on 5xx, which is what is wanted here and nowhere else.
            return _errors(str(error), 503)
        except Told as error:
            return _errors(str(error), error.status)
        except (CuratoryError, Refused, UnknownChange) as error:
            return _errors(str(error))
        except Exception:
            incident = secrets.token_hex(4)
            LOG.exception("%s failed (incident %s)", execution.name, incident)
            return _errors(f"The server failed at {execution.name}; its log has more under incident {incident}.")
        finally:
            if execution.missing:
                self.missing |= execution.missing
                what = ", ".join(sorted(execution.missing))
                LOG.info("%s asked for what is not known here: %s", execution.name, what)
        return JSONResponse({"data": data})

    # -- what runs stream ---------------------------------------------------------------------------------------

    async def file_stream(self, request: Request) -> Response:
        body = await _body(request, MAX_STREAM)
        if body is None:
            return PlainTextResponse("That is more than one report can be.", 413)
        try:
            document = json.loads(body) if body else {}
        except ValueError:
            return PlainTextResponse("The report is no JSON.", 400)
        if not isinstance(document, Mapping):
            return PlainTextResponse("The report is no JSON object.", 400)
        place = request.path_params
        path = f"{place['entity']}/{place['project']}/{place['run']}"

        def take() -> Response:
            store = self._entered(request)
            if store is None:
                return _unauthorized()
            return JSONResponse(take_stream(store, path, document))

        return await self._work(take)

    # -- single files, by their address in a version ------------------------------------------------------------

    async def file_of_version(self, request: Request) -> Response:
        """`/artifactsV2/region/entity/project/collection/artifact/md5/name`: leads to the bytes, for who may."""

        def look() -> Response:
            store = self._entered(request)
            if store is None:
                return _unauthorized()
            call = Call(store, self.base(request), self.signer)
            parts = request.scope["raw_path"].decode().split("/")[2:]
            address = address_of(call, [unquote(part) for part in parts])
            return RedirectResponse(address) if address else PlainTextResponse("There is no such file.", 404)

        return await self._work(look)

    # -- people -------------------------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        """Whether the store answers; for whoever balances load."""
        try:
            await self._work(self.store.events.head)
        except CuratoryError as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ok\n")

    async def page(self, request: Request) -> Response:
        """What the addresses that the client prints lead to."""
        return await run_in_threadpool(page_of, request)


def make_door(store: Store, opener: Opener, *, public: str | None = None, lifespan: Lifespan | None = None) -> Door:
    """A door to a store; addresses are signed with the store's own secret, so that any of its doors reads them."""
    return Door(store, opener=opener, signer=Signer(store.keys.signing()), public=public, lifespan=lifespan)


def _errors(message: str, status: int = 200) -> Response:
    return JSONResponse({"data": None, "errors": [{"message": message}]}, status)


def _unauthorized() -> Response:
    message = "This API key opens nothing here. `curatory key create` makes one."
    return JSONResponse({"errors": [{"message": message}]}, 401, {"WWW-Authenticate": 'Basic realm="curatory"'})


async def _body(request: Request, limit: int) -> bytes | None:
    """The body, unpacked; None when it is bigger than it may be."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    body = b"".join(chunks)
    if request.headers.get("content-encoding", "").lower() == "gzip":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            body = unpacker.decompress(body, limit)
        except zlib.error:
            raise gzip.BadGzipFile from None
        if unpacker.unconsumed_tail:
            return None
    return body
