"""Serve a store until the process is asked to end."""

import socket

from sortal.errors import UserError
from sortal.web.settings import ServerSettings


def serve(settings: ServerSettings) -> None:
    """Listen, tell where, and answer until Ctrl-C or SIGTERM.

    Jobs that were started go on by themselves.

    Raises:
        UserError: The address cannot be listened on, or the folder is no store.
    """
    import uvicorn

    from sortal.views.console import note
    from sortal.web.app import make_app

    app = make_app(settings)
    listening = _listen(settings.host, settings.port)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    note(f"serving {settings.store} at http://{shown}:{listening.getsockname()[1]}/ (Ctrl-C ends)")
    if settings.token is not None and settings.host not in {"127.0.0.1", "::1"}:
        note("the token travels unencrypted: use a tunnel of ssh where others can listen.")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"--host {host}: no such address ({error.strerror}).") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UserError(f"{host}, port {port}: cannot listen there ({error.strerror}).") from error
    return listening
