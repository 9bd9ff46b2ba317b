"""Where a webhook may go, and whether commands may run: what the owner of the delivering machine has allowed.

That is a file on that machine, not a row of the store: who is an admin in the store is not thereby somebody who may
reach into the machine's network or run programs on it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

VARIABLE = "CURATORY_DELIVERY"
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
# Public by their number, and yet a cloud's own insides; and what is only for documentation.
_INSIDE = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class NotAllowed(Invalid):
    """A webhook may not go there, or a command not run here; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner of this machine has allowed.

    Attributes:
        commands: local commands run.
        loopback: webhooks go to this machine itself, by http, too.
        networks: private networks that webhooks may reach, by https.
        path: the file that says so, whether or not it is there.
    """

    commands: bool = False
    loopback: bool = False
    networks: tuple[Network, ...] = ()
    path: Path = Path()


def rules_path() -> Path:
    """The file that says what is allowed on this machine."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path("curatory") / "delivery.toml"


def read_rules(path: Path | None = None) -> Rules:
    """What is allowed; without a file: https to public addresses, and nothing else.

    Raises:
        Invalid: the file says something that there isn't.
    """
    path = path or rules_path()
    try:
        with path.open("rb") as file:
            said = tomllib.load(file)
    except FileNotFoundError:
        return Rules(path=path)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{path} can't be read: {error}") from None
    return _rules(said, path)


def _rules(said: Mapping[str, Any], path: Path) -> Rules:
    unknown = sorted(said.keys() - {"commands", "loopback", "networks"})
    if unknown:
        raise Invalid(f"{path} has {unknown[0]!r}; it can have commands, loopback (true or false) and networks.")
    for name in ("commands", "loopback"):
        if not isinstance(said.get(name, False), bool):
            raise Invalid(f"{path}: {name} is true or false, not {said[name]!r}.")
    listed = said.get("networks", [])
    if not isinstance(listed, list):
        raise Invalid(f'{path}: networks is a list, like ["10.1.0.0/16"].')
    networks = []
    for one in listed:
        try:
            networks.append(ipaddress.ip_network(one))
        except ValueError as error:
            raise Invalid(f"{path}: {one!r} is no network: {error}") from None
    return Rules(said.get("commands", False), said.get("loopback", False), tuple(networks), path)


def check_url(url: str, rules: Rules) -> str:
    """Refuse a URL that a webhook may never go to; names are looked up only when it is connected to.

    Returns:
        Its host.

    Raises:
        Invalid: it is no URL.
        NotAllowed: the rules forbid it.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise Invalid(f"{url!r} is not a URL: {error}") from None
    if any(character.isspace() or not character.isprintable() for character in url) or len(url) > 2000:
        raise Invalid("A webhook's URL has no spaces or control characters, and at most 2,000 characters.")
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise Invalid(f"{url!r} is not a webhook's URL; it looks like https://host/path")
    if parts.username is not None or parts.password is not None:
        raise Invalid("A webhook's URL holds no user or password; give an access token instead.")
    address = _literal(host)
    if address is not None:
        check_address(address, parts.scheme, rules)
    elif parts.scheme == "http" and not (host.lower().rstrip(".") == "localhost" and rules.loopback):
        raise NotAllowed(_plain(rules))
    elif host.lower().rstrip(".") == "localhost" and not rules.loopback:
        raise NotAllowed(_loopback(rules))
    return host


def resolve(host: str, port: int, scheme: str, rules: Rules) -> list[str]:
    """The addresses of a host that may be connected to.

    Raises:
        NotAllowed: it has none that may.
        OSError: it has none.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    allowed: list[str] = []
    refused: NotAllowed | None = None
    for one in dict.fromkeys(found):
        try:
            check_address(ipaddress.ip_address(one), scheme, rules)
        except NotAllowed as error:
            refused = error
        except ValueError:
            refused = NotAllowed(f"{host} leads to {one}, which is not a plain address.")
        else:
            allowed.append(one)
    if not allowed:
        raise refused or NotAllowed(f"{host} leads nowhere.")
    return allowed


def check_address(address: Address, scheme: str, rules: Rules) -> None:
    """Refuse an address that a webhook may not reach; one that carries another is judged by both.

    Raises:
        NotAllowed
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise NotAllowed(f"{address} is an address of one network card only.")
        mapped = address.ipv4_mapped
        if mapped is not None:
            check_address(mapped, scheme, rules)
            return
        for inner in _carried(address):
            check_address(inner, scheme, rules)
    if address.is_loopback:
        if not rules.loopback:
            raise NotAllowed(_loopback(rules))
        return
    if scheme != "https":
        raise NotAllowed(_plain(rules))
    if any(address.version == network.version and address in network for network in rules.networks):
        return
    local = (isinstance(address, ipaddress.IPv6Address) and address.is_site_local) or any(
        address.version == network.version and address in network for network in _INSIDE
    )
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_private or local:
        raise NotAllowed(
            f"Webhooks don't go to {address}, which is no public address. The owner of the machine that delivers can "
            f'allow its network: networks = ["…"] in {rules.path}'
        )


def _carried(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that a gateway would take an IPv6 address to."""
    found = [one for one in (address.sixtofour, *(address.teredo or ())) if one is not None]
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _plain(rules: Rules) -> str:
    return (
        "Webhooks go out by https; by http only to this machine itself, where its owner has allowed that: "
        f"loopback = true in {rules.path}"
    )


def _loopback(rules: Rules) -> str:
    return (
        "Webhooks don't go to the machine that delivers them. Its owner can allow that: "
        f"loopback = true in {rules.path}"
    )
