"""The page that an address printed by the client leads to: what it is, and the command that opens it in the app."""

from __future__ import annotations

import shlex
from html import escape
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_RUN = "The run"
_STYLE = (
    "body{font:16px/1.6 ui-monospace,monospace;margin:12vh auto;max-width:46rem;padding:0 1rem;color:#1d2430;"
    "background:#f7f8fa}code{display:block;padding:.8rem 1rem;border-radius:6px;background:#e7eaf0;overflow-x:auto}"
    "small{color:#667}@media(prefers-color-scheme:dark){body{color:#d7dce5;background:#10131a}code{background:#1d2330}}"
)


def page_of(request: Request) -> Response:
    """What an address means, from the address alone: nothing of the store is shown to who has no key."""
    what, path = named(request.url.path, dict(request.query_params))
    known = path is not None
    show = "show " if what == _RUN else ""  # the app looks at what runs have made
    command = f"curatory {show}{shlex.quote(path)}" if path else "curatory"
    said = f"<p>{escape(what)} <b>{escape(path or '')}</b></p>" if known else f"<p>{escape(what)}</p>"
    body = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Curatory</title><style>{_STYLE}</style><h1>Curatory</h1>{said}"
        f"<p>In a terminal, where the store is:</p><code>{escape(command)}</code>"
        "<p><small>This server takes what scripts log; looking and curating is done in the terminal.</small></p></html>"
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(body, 200 if known or request.url.path == "/" else 404, headers=headers)


def named(path: str, query: dict[str, str]) -> tuple[str, str | None]:
    """What an address of the client's means, and its path in the app; None where it means nothing."""
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    match parts:
        case []:
            return "The door for the wandb client.", None
        case ["orgs", organization, "registry", name, *_]:
            chosen = query.get("selectionPath")
            if chosen:
                version = query.get("version")
                return "The version" if version else "The collection", f"{chosen}{f':{version}' if version else ''}"
            return "The registry", f"{organization}/wandb-registry-{name}"
        case [entity, "registry", _, *_]:
            return "The legacy registry of", query.get("selectionPath") or f"{entity}/model-registry"
        case [entity, project, "runs", run, *_]:
            return _RUN, f"{entity}/{project}/{run}"
        case [entity, project, "artifacts", _, collection, version, *_]:
            return "The version", f"{entity}/{project}/{collection}:{version}"
        case [entity, project, "artifacts", _, collection]:
            return "The collection", f"{entity}/{project}/{collection}"
        case [entity, project]:
            return "The project", f"{entity}/{project}"
        case [entity]:
            return "Projects of", entity
    return "There is nothing under this address.", None
