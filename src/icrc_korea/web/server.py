"""Runs the service on a port of this machine until it is told to stop."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..workers.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..workers.limits import Limits

JOBS = f"{__package__}.jobs"
KEEP_ALIVE = 15  # seconds that a connection may be idle
BACKLOG = 2048
WANTED_FILES = 8192  # descriptors: each connection takes one
LAST_SECONDS = 2  # for answers on their way when the server is stopped


def serve(
    root: str | None, store: str | None, limits: Limits, *, host: str = "127.0.0.1", port: int = 8642,
    hosts: tuple[str, ...] = (), address: str = "", ready: Callable[[str], None] = lambda _: None,
    log: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Serves until SIGINT or SIGTERM; `ready` is told the address once the first question can be answered."""
    bound = _bound(host, port)
    settings = {"root": root, "store": store}
    asking = Pool({**settings, "prepare": f"{JOBS}:asking"}, limits, log=log)
    reading = Pool({**settings, "prepare": f"{JOBS}:reading"}, limits, quick=2, slow=1, log=log)
    asking.spawn()  # reads the dataset while this process imports its libraries
    try:
        _run(bound, asking, reading, hosts, address, ready)
    finally:
        for pool in (asking, reading):
            pool.end()
        bound.close()


def _run(
    bound: socket.socket, asking: Pool, reading: Pool, hosts: tuple[str, ...], address: str,
    ready: Callable[[str], None],
) -> None:  # fmt: skip
    import uvicorn

    from .app import application
    from .connections import Crowd, protocol
    from .direct import Direct
    from .serving import Serving

    name, port = bound.getsockname()[:2]
    shown = f"[{name}]" if ":" in name else name
    serving = Serving(asking, reading, hosts=(*hosts, shown), address=address)
    app = application(serving)
    config = uvicorn.Config(
        app, http=protocol(Crowd(), Direct(serving)), ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=LAST_SECONDS, backlog=BACKLOG, proxy_headers=False,
    )  # fmt: skip

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(f"http://{shown}:{port}")

    server = Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run([bound])
    if serving.failure is not None:
        raise serving.failure


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the port; an UsageError where it cannot be had."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        found = f"port {port} of {host} cannot be used: {error}"
        raise UsageError(found, "choose another, such as --port 8643") from None
    return bound
