"""Runs the service on a port of this machine until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from ..workers.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..workers.limits import Limits
    from .watch import Log

JOBS = f"{__package__}.jobs"
KEEP_ALIVE = 15  # seconds that a connection may be idle
BACKLOG = 2048
WANTED_FILES = 8192  # descriptors: each connection takes one
LAST_SECONDS = 2  # after the limit of time, for answers on their way when the server is stopped
HANDED_OVER = 3  # the first descriptor of a socket that was opened by who started us


class Written(NamedTuple):
    """A store that may be written: its folder, the token of who may, and what is done about faults."""

    folder: str
    token: str
    check: str = "off"


def serve(
    root: str | None, store: str | None, limits: Limits, log: Log, *, host: str = "127.0.0.1", port: int = 8642,
    hosts: tuple[str, ...] = (), address: str = "", open_metrics: bool = False, written: Written | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Serves until SIGINT or SIGTERM; `ready` is told the address once the first question can be answered."""
    bound = _bound(host, port)
    pools: list[Pool] = []

    def said(text: str) -> None:
        log.event(text, level="warning")

    def made() -> tuple[Pool, Pool]:
        # where a link points now: children that are born later must not look elsewhere than those before them
        settings = {"root": root, "store": str(Path(store).resolve()) if store else store}
        asking = Pool({**settings, "prepare": f"{JOBS}:asking"}, limits, log=said)
        if written is not None:
            # few, for they are made anew after each change
            prepared = {"prepare": f"{__package__}.written:prepare", "files": True}
            asking = Pool({"root": root, "folder": written.folder, **prepared}, limits, quick=2, slow=1, log=said)
        reading = Pool({**settings, "prepare": f"{JOBS}:reading"}, limits, quick=2, slow=1, log=said)
        pools[:] = [*pools[-2:], asking, reading]  # those before have ended
        asking.spawn()  # reads the dataset while this process imports its libraries
        return asking, reading

    first = made()
    try:
        _run(bound, log, first, made, hosts, address, open_metrics, ready, root, written)
    finally:
        for pool in pools:
            pool.end()
        bound.close()


def _run(
    bound: socket.socket, log: Log, first: tuple[Pool, Pool], made: Callable[[], tuple[Pool, Pool]],
    hosts: tuple[str, ...], address: str, open_metrics: bool, ready: Callable[[str], None], root: str | None,
    written: Written | None,
) -> None:  # fmt: skip
    import uvicorn

    from .app import application
    from .connections import Crowd, protocol
    from .direct import Direct
    from .serving import Serving
    from .watch import Watch

    name, port = bound.getsockname()[:2]
    shown = f"[{name}]" if ":" in name else name
    serving = Serving(first, made, Watch(log), hosts=(*hosts, shown), address=address, open_metrics=open_metrics)
    if written is not None:
        from .writing import Writer, Writing

        seconds = serving.limits.seconds
        serving.writing = Writing(Writer(written.folder, root, seconds, log), written.token, written.check, root)
        serving.has_pages = False
    app = application(serving)
    config = uvicorn.Config(
        app, http=protocol(Crowd(), Direct(serving)), ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, timeout_keep_alive=KEEP_ALIVE, backlog=BACKLOG, proxy_headers=False,
        timeout_graceful_shutdown=int(serving.limits.seconds) + LAST_SECONDS,
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
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=HANDED_OVER)  # as systemd does; connections wait in it while we are started anew
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        found = f"port {port} of {host} cannot be used: {error}"
        raise UsageError(found, "choose another, such as --port 8643") from None
    return bound
