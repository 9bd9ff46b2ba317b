"""MLflow's server, by its REST API: read in pages of a fixed order, counted again, read again where it moved."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from ..errors import Forbidden, Invalid, NotFound, Unavailable
from .records import PROMPT, Dataset, Model, Registry, Run, Skipped, Version, known, metric, moment

API = "/api/2.0/mlflow"
TRIES = 5
ROUNDS = 3  # how often it is read again, for what moved meanwhile
BATCH = 100  # runs a call
_AGAIN = (429, 500, 502, 503, 504)
_ORDER = ("name ASC", "version_number ASC")


def read_server(
    address: str, *, environment: Mapping[str, str] | None = None, turned: Callable[[], object] | None = None
) -> Registry:
    """A registry from its server.

    Args:
        environment: where MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN are looked for.
        turned: called after the first crawl, before it is counted again; for whoever wants to see it move.

    Raises:
        Unavailable: it does not answer, or breaks off.
        Forbidden: it does not let us in.
        Invalid: what answers there is no MLflow.
    """
    with Client(address, os.environ if environment is None else environment) as client:
        models = {model.name: model for model in client.models()}
        if not models:
            client.check()
        if turned is not None:
            turned()
        moved: set[str] = set()
        for _ in range(ROUNDS):  # whole records are compared: setting an alias or a tag changes no time in MLflow
            now = {model.name: model for model in client.models()}
            moved = {name for name in models.keys() | now.keys() if models.get(name) != now.get(name)}
            models = now
            if not moved:
                break
        skipped = [Skipped(name, "it kept changing while it was read") for name in sorted(moved)]
        wanted = sorted({one.run_id for model in models.values() for one in model.versions if one.run_id})
        runs = client.runs(wanted)
        skipped += [
            Skipped(mark, f"it is an alias of v{number}, which is not there")
            for mark, number in sorted(client.dangling.items())
        ]
        skipped += [Skipped(f"run {run}", "the server does not give it") for run in wanted if run not in runs]
        found = tuple(models[name] for name in sorted(models))
        return Registry(client.shown, found, runs, tuple(skipped), client.login)


class Client:
    """The calls that an importer needs; answers as records.

    Args:
        login: user and password, where neither the environment nor the address has them.

    Attributes:
        shown: the address, without what it held of a login.
        here: the server is on this machine, so that its disk is ours.
        login: user and password in the address, or as they were given.
    """

    def __init__(self, address: str, environment: Mapping[str, str], login: tuple[str, str] | None = None) -> None:
        try:
            parts = urlsplit(address.strip().rstrip("/"))
            host, port = parts.hostname or "", parts.port
            host = f"[{host}]" if ":" in host else host
            self.here = host in ("127.0.0.1", "localhost", "[::1]")
            self.shown = urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, "", ""))
            httpx.URL(self.shown)
        except (ValueError, httpx.InvalidURL):  # it may hold a password: it is not repeated
            raise Invalid("That is no server's address: give one like http://mlflow:5000.") from None
        told = (unquote(parts.username or ""), unquote(parts.password or ""))
        self.login = told if any(told) else login
        user, password = self.login or ("", "")
        user = environment.get("MLFLOW_TRACKING_USERNAME") or user
        password = environment.get("MLFLOW_TRACKING_PASSWORD") or password
        token = environment.get("MLFLOW_TRACKING_TOKEN", "").strip()  # one from a file ends with a line break
        if not (token.isascii() and token.isprintable()):
            raise Invalid("MLFLOW_TRACKING_TOKEN has characters that no token has: set it anew.")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if environment.get("MLFLOW_WORKSPACE"):
            headers["X-MLFLOW-WORKSPACE"] = environment["MLFLOW_WORKSPACE"]
        auth = (user, password) if user and not token else None
        # Redirects are not followed: what lets us in here is nothing to show elsewhere.
        self._client = httpx.Client(base_url=self.shown, headers=headers, auth=auth, timeout=30)
        self._storages: dict[tuple[str, ...], str] = {}
        self.dangling: dict[str, int] = {}  # model@alias → a number that is not there, at the last crawl

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    # -- calls --------------------------------------------------------------------------------------------------

    def ask(self, path: str, params: Any = None, body: Any = None) -> dict[str, Any]:
        """One answer's JSON; a POST where there is a body.

        Raises:
            NotFound: RESOURCE_DOES_NOT_EXIST.
            Unavailable, Forbidden, Invalid
        """
        path = f"{API}/{path}"
        if body is None:
            answer = self.get(path, params)
        else:
            answer = self._tried(path, lambda: self._client.post(path, json=body))
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Invalid(f"What answers at {self.shown} is no MLflow server: {path} gave no JSON of MLflow's.")
        return found

    def get(self, path: str, params: Any = None) -> httpx.Response:
        return self._tried(path, lambda: self._client.get(path, params=params))

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes behind a path, as they come: all of them, or an error.

        Raises:
            NotFound, Unavailable, Forbidden, Invalid
        """
        answer = self._tried(path, lambda: self._client.send(self._client.build_request("GET", path), stream=True))
        try:
            yield answer.iter_bytes()
        except httpx.RequestError as error:
            raise Unavailable(f"{self.shown}{path} broke off ({_reason(error)}): import again.") from error
        finally:
            answer.close()

    def _tried(self, path: str, send: Callable[[], httpx.Response]) -> httpx.Response:
        problem = ""
        for attempt in range(TRIES):
            wait = 0.2 * 2**attempt
            try:
                answer = send()
                if not answer.is_success:
                    answer.read()
                if answer.status_code not in _AGAIN:
                    return self._checked(answer, path)
                problem = f"status {answer.status_code}"
                wait = _asked(answer.headers.get("Retry-After", ""), wait)
            except httpx.RequestError as error:
                problem = _reason(error)
            if attempt + 1 < TRIES:
                time.sleep(wait)
        raise Unavailable(
            f"{self.shown} does not answer ({problem}, {TRIES} tries): is it an MLflow server, and running?"
        )

    def _checked(self, answer: httpx.Response, path: str) -> httpx.Response:
        if answer.status_code in (401, 403):
            raise Forbidden(
                f"{self.shown} does not let us in (status {answer.status_code}): set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            )
        if answer.is_redirect:
            to = urlsplit(answer.headers.get("Location", ""))  # without its query, which may hold a key
            place = urlunsplit((to.scheme, to.netloc.rpartition("@")[2], to.path, "", ""))
            raise Invalid(f"{self.shown} leads elsewhere ({_plain(place)}): give that address.")
        if answer.status_code == 404:
            raise NotFound(f"{self.shown}{path} is not there.")
        if not answer.is_success:
            raise Invalid(f"{self.shown}{path} refuses (status {answer.status_code}): {_plain(answer.text)}")
        return answer

    def check(self) -> None:
        """That it is MLflow's: an empty registry's answer is `{}`, which others give, too.

        Raises:
            Invalid
        """
        try:
            version = self.get("/version").text.strip().strip('"')
        except (NotFound, Invalid):
            version = ""
        if not re.match(r"\d+\.\d+", version):
            raise Invalid(f"What answers at {self.shown} is no MLflow server, or an old one with nothing in it.")

    def pages(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All of a list, in a fixed order: in the server's own, rows have been seen to go missing."""
        token, before = "", None
        while token != before:
            before = token
            asked = [*params.items(), *([("page_token", token)] if token else [])]
            answer = self.ask(
                path, [(k, v) for k, value in asked for v in (value if isinstance(value, tuple) else (value,))]
            )
            rows = answer.get(key) or []
            if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
                raise Invalid(f"What answers at {self.shown} is no MLflow server: its {key} are none.")
            yield from rows
            token = answer.get("next_page_token") or ""
            if not token:
                return
        raise Invalid(f"{self.shown}{API}/{path} gives the same page over and over.")

    # -- records ------------------------------------------------------------------------------------------------

    def models(self) -> Iterator[Model]:
        """Registered models, and prompts, with all their versions."""
        self.dangling.clear()
        versions: dict[str, list[Version]] = {}
        for one in self._both("model-versions/search", "model_versions", 1_000, _ORDER):
            versions.setdefault(one["name"], []).append(self._version(one))
        for one in self._both("registered-models/search", "registered_models", 500, ("name ASC",)):
            model = _model(one, versions.get(one["name"], []))
            numbers = {version.number for version in model.versions}
            gone = {alias: number for alias, number in model.aliases.items() if number not in numbers}
            self.dangling |= {f"{model.name}@{alias}": number for alias, number in gone.items()}
            yield replace(model, aliases={a: n for a, n in model.aliases.items() if a not in gone}) if gone else model

    def _both(self, path: str, key: str, size: int, order: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """Models, and prompts, which servers that know of them leave out of a list unless asked."""
        seen: set[tuple[str, str]] = set()
        for asked in ({}, {"filter": f"tags.`{PROMPT}` = 'true'"}):
            for one in self.pages(path, key, max_results=size, order_by=order, **asked):
                if "name" not in one:
                    raise Invalid(f"What answers at {self.shown} is no MLflow server: its {key} have no names.")
                if (mark := (one["name"], one.get("version", ""))) not in seen:
                    seen.add(mark)
                    yield one

    def _version(self, one: Mapping[str, Any]) -> Version:
        return Version(
            int(one["version"]),
            known(one.get("creation_timestamp")),
            moment(one.get("last_updated_timestamp")),
            one.get("description", ""),
            one.get("current_stage") or "None",
            one.get("source", ""),
            self._storage(one),
            one.get("run_id") or None,
            one.get("status", "READY"),
            one.get("status_message", ""),
            _tags(one),
        )

    def _storage(self, one: Mapping[str, Any]) -> str:
        """Where a version's files are: its source, but for a model's, which costs a call, though only one."""
        source = one.get("source", "")
        if not source.startswith("models:/"):
            return source
        mark = (one["name"], one["version"], str(one.get("creation_timestamp")), source)
        if mark not in self._storages:
            try:
                asked = {"name": one["name"], "version": one["version"]}
                found = self.ask("model-versions/get-download-uri", asked).get("artifact_uri")
            except (NotFound, Invalid):
                found = ""
            self._storages[mark] = found or source
        return self._storages[mark]

    def runs(self, names: Sequence[str]) -> dict[str, Run]:
        """Runs with their inputs, also deleted ones, by id; without those that are no more."""
        found: dict[str, Run] = {}
        try:
            asked = {"max_results": 1_000, "view_type": "ALL"}
            places = [one["experiment_id"] for one in self.pages("experiments/search", "experiments", **asked)]
            for start in range(0, len(names), BATCH):
                batch = names[start : start + BATCH]
                listed = ", ".join(f"'{name}'" for name in batch if "'" not in name)
                body = {
                    "experiment_ids": places, "filter": f"attributes.run_id IN ({listed})", "run_view_type": "ALL",
                    "max_results": len(batch),
                }  # fmt: skip
                found |= {run.id: run for run in map(_run, self.ask("runs/search", body=body).get("runs", ()))}
        except (NotFound, Invalid, Forbidden):  # an old server, or one where not all may be searched
            pass
        for name in names:
            if name not in found:
                with suppress(NotFound, Invalid, Forbidden):  # one that we may not see keeps back no model
                    found[name] = _run(self.ask("runs/get", {"run_id": name})["run"])
        return {name: found[name] for name in names if name in found}


def _reason(error: Exception) -> str:
    return _plain(str(error)) or type(error).__name__


def _plain(text: str) -> str:
    """The beginning of somebody else's text, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:200])


def _asked(after: str, otherwise: float) -> float:
    """Seconds that Retry-After asks for, as a number or as a time, up to half a minute."""
    try:
        seconds = (
            float(after) if after.isdigit() else (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError):
        return otherwise
    return min(max(seconds, otherwise), 30.0)


def _run(one: Mapping[str, Any]) -> Run:
    info, data = one["info"], one.get("data", {})
    tags = _tags(data)
    name = info["run_id"]
    return Run(
        name,
        info.get("run_name") or tags.get("mlflow.runName") or name,
        info.get("user_id") or tags.get("mlflow.user", ""),
        info.get("status", "FINISHED"),
        moment(info.get("start_time")),
        moment(info.get("end_time")),
        info.get("artifact_uri", ""),
        {row["key"]: row.get("value", "") for row in data.get("params", ())},
        {row["key"]: metric(row.get("value", 0.0)) for row in data.get("metrics", ())},
        tags,
        tuple(_dataset(row) for row in one.get("inputs", {}).get("dataset_inputs", ())),
        info.get("lifecycle_stage") == "deleted",
    )


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    return {row["key"]: row.get("value", "") for row in one.get("tags", ())}


def _model(one: Mapping[str, Any], versions: list[Version]) -> Model:
    return Model(
        one["name"],
        one.get("description", ""),
        known(one.get("creation_timestamp")),
        moment(one.get("last_updated_timestamp")),
        _tags(one),
        {row["alias"]: int(row["version"]) for row in one.get("aliases", ())},
        tuple(sorted(versions, key=lambda version: version.number)),
    )


def _dataset(row: Mapping[str, Any]) -> Dataset:
    one = row.get("dataset", {})
    contexts = [tag.get("value", "") for tag in row.get("tags", ()) if tag.get("key") == "mlflow.data.context"]
    return Dataset(
        one.get("name", ""), one.get("digest", ""), one.get("source_type", ""), one.get("source", ""), "".join(contexts)
    )
