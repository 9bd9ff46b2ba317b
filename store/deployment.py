"""Is the new registry on? One rule for every kind of deployment, which also says why, and how to turn it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import Invalid

_SINCE = (0, 59, 2)
_ALWAYS = (0, 70, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the registry is on; why, or what would turn it on."""

    on: bool
    reason: str


def registry_told_by(environment: Mapping[str, str]) -> Answer:
    """The answer for a process: `CURATORY_DEPLOYMENT` (without it: local), `CURATORY_SERVER_VERSION`, and the switch,
    `CURATORY_REGISTRY=on` on a dedicated deployment, `ENABLE_REGISTRY_UI=true` on a self-managed one.

    Raises:
        Invalid: as `registry_is_on`.
    """
    return registry_is_on(
        environment.get("CURATORY_DEPLOYMENT", "").strip().lower() or "local",
        version=environment.get("CURATORY_SERVER_VERSION", "").strip(),
        environment=environment,
        switched_on=environment.get("CURATORY_REGISTRY", "").strip().lower() == "on",
    )


def registry_is_on(
    deployment: str, *, version: str = "", environment: Mapping[str, str] | None = None, switched_on: bool = False
) -> Answer:
    """Whether the new registry is on, or the app opens on the legacy ones.

    Args:
        deployment: "local", "multi-tenant", "dedicated" or "self-managed".
        version: the server's, e.g. "0.59.2".
        environment: where `ENABLE_REGISTRY_UI` is looked for.
        switched_on: the operator of a dedicated deployment has switched it on.

    Raises:
        Invalid: no such deployment, or a version that can't be read.
    """
    if deployment in ("local", "multi-tenant"):
        return Answer(True, f"it is always on where the deployment is {deployment}")
    if deployment not in ("dedicated", "self-managed"):
        raise Invalid(
            f"There is no deployment {deployment!r}; it is one of local, multi-tenant, dedicated, self-managed"
        )
    number = _version(version)
    if number < _SINCE:
        return Answer(False, f"it needs a server of at least 0.59.2, and this one is {version}")
    if deployment == "dedicated":
        return Answer(switched_on, "its operator switched it on" if switched_on else "its operator can switch it on")
    if number >= _ALWAYS:
        return Answer(True, "it is always on from server 0.70.0")
    enabled = (environment or {}).get("ENABLE_REGISTRY_UI", "").strip().lower() == "true"
    return Answer(enabled, "ENABLE_REGISTRY_UI is true" if enabled else "ENABLE_REGISTRY_UI=true turns it on")


def _version(text: str) -> tuple[int, ...]:
    try:
        number = [int(part) for part in text.removeprefix("v").split("-")[0].split(".")]
        return tuple(number + [0] * (3 - len(number)))
    except ValueError:
        raise Invalid(f"{text!r} is not a server version; it looks like 0.59.2") from None
