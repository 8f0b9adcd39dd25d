"""How a server is set up: which store, where it listens, who may come in."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sortal.errors import OptionError, UserError

if TYPE_CHECKING:
    from sortal.web.available_name import AvailableName

LOOPBACK = "127.0.0.1"
PORT = 8765


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a server is started with."""

    store: Path
    """Folder of the store, absolute."""

    host: str = LOOPBACK
    """Address to listen on."""

    port: int = PORT
    """Port to listen on; 0 for any that is free."""

    token: str | None = field(default=None, repr=False)
    """What callers must know; None: nothing, which only loopback may have."""

    plugins: tuple[Path, ...] = ()
    """Folders of users' classifiers, given to the jobs that are started here."""

    names: tuple[str, ...] = ()
    """Host names by which browsers may reach the server, beside localhost and addresses."""

    named: "tuple[AvailableName, ...]" = field(default=(), repr=False)
    """What batch jobs may name: built in, or of the folders of `plugins`."""

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < 8:
            raise OptionError("--token", "fewer", "8 or more characters")
        if self.token is None and not is_loopback(self.host):
            raise UserError(
                f"--host {self.host}: expected --token beside it, for others can reach that "
                f"address; without one only {LOOPBACK} is listened on."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    """Whether a host is written as numbers, which no name server can point elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
