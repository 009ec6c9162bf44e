"""Public addresses of the app."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from goals_tui.domain.errors import WrongValueError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class PublicAddress:
    """The address under which browsers reach the app.

    `path` is empty, or starts with a slash and ends without one.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> PublicAddress:
        """Parse `http(s)://HOST[:PORT][/PATH]`. Raises WrongValueError."""
        found = _split(url.strip())
        if found is None:
            raise WrongValueError(
                f"--public-url is the address that browsers use, as in https://goals.example.com, not {url!r}."
            )
        return found

    @property
    def authority(self) -> str:
        """The host, with the port unless it is the default of the scheme, as browsers send it in `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as text, without a slash at the end."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def is_host(self, host: str) -> bool:
        """Return whether a request's `Host` header names this address."""
        return self.is_origin(f"{self.scheme}://{host}")

    def is_origin(self, origin: str) -> bool:
        """Return whether an `Origin` header names this address."""
        found = _split(origin)
        return found is not None and found == PublicAddress(self.scheme, self.host, self.port)


def _split(url: str) -> PublicAddress | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme, parts.hostname
    plain = url.isprintable() and not set(url) & set(" ?#@\\")
    if not plain or scheme not in _DEFAULT_PORTS or not host or port == 0:
        return None
    return PublicAddress(scheme, host, port or _DEFAULT_PORTS[scheme], parts.path.rstrip("/"))
