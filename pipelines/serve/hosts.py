"""Which hosts a request may be for: a page of another site must not reach this server under its own name."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tfvae.pipelines.serve.failure import Failure

ANY = "*"
_LOCAL = "localhost"


class AllowedHosts:
    """An ASGI application that answers 403 to a request for a host that is not allowed.

    Allowed are IP addresses, `localhost` and the names given. A browser sends the name in the address bar: if
    a foreign name is resolved to this machine (DNS rebinding), its page could otherwise read all answers.

    Args:
        app: the application behind it.
        names: names of further hosts; "*" allows all.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = ()):
        self._app, self._names = app, {name.lower().rstrip(".") for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        hosts = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"host"]
        refused = [host for host in hosts if not is_allowed(host, self._names)]
        if not refused:
            await self._app(scope, receive, send)
            return
        message = f"The host {refused[0][:100]!r} is not allowed; tfvae serve --allowed-host NAME allows it"
        failure = Failure("PERMISSION_DENIED", message)
        response = Response(failure.body, failure.http_status, media_type="application/json")
        await response(scope, receive, send)


def is_allowed(host: str, names: Collection[str]) -> bool:
    """Return whether a Host header names this machine or an allowed host.

    Args:
        host: value of the header, with or without a port.
        names: allowed names, in lower case.

    Example:
        >>> [is_allowed(host, {"model"}) for host in ("localhost:8501", "[::1]:80", "Model", "evil.example")]
        [True, True, True, False]
    """
    if ANY in names:
        return True
    name = host.strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    name = name.rstrip(".")
    return name in names or name == _LOCAL or name.endswith(f".{_LOCAL}") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
