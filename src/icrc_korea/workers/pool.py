"""Gives a server children for many readers at once: quick jobs are never kept waiting by slow ones.

Each job gets a short time in one of a few quick places. What takes longer goes on in one of even fewer slow places,
with the lowest priority there is; where none is free, its child is killed and the job begins again when one is.
All of that counts towards its time. A child that was slow, or has answered long enough, is not used again: a new one
is forked in its place, in some milliseconds, and one more than are needed stands ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from .child import GRACE, Nursery, ended, last_words, raised
from .frames import ENDED, FORKED, ORDER, Reader, framed_head, written_head
from .places import Busy, Job, Places

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .limits import Limits

    Head = dict[str, Any]

PROCESSOR_TIME = 2  # which clock of a process, see clock_getcpuclockid(3)
TRIAL = 0.15  # seconds in a quick place when nobody waits
SHORT_TRIAL = 0.025  # and when somebody does
MOST_JOBS = 20_000  # that one child answers
LOW_PRIORITY = 19
MOST_SAID = 300  # characters of a child's last words in the log
A_PAUSE = 0.5  # seconds after a child that has never answered


class Child(asyncio.Protocol):
    """One child, as the loop sees it."""

    def __init__(self, pool: Pool, number: int, words: int) -> None:
        self.pool, self.number, self.words = pool, number, words
        self.reader, self.transport = Reader(), None
        self.job: Job | None = None
        self.process = self.done = 0
        self.worn = self.gone = False

    def connection_made(self, transport: Any) -> None:
        """The channel is open."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        for head, body in self.reader.feed(data):
            self.pool.answered(self, head, body)

    def connection_lost(self, _: Exception | None) -> None:
        """The child has gone, of itself or because it was killed."""
        self.pool.lost(self)


class Pool:
    """Children of one nursery, and the jobs that wait for them."""

    def __init__(
        self, settings: Head, limits: Limits, *, quick: int = 4, slow: int = 2, most_waiting: int = 256,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.settings, self.limits, self.log = {**settings, "memory": limits.memory}, limits, log
        self.places = Places(quick, slow, most_waiting)
        allowed = {"rows": limits.rows, "bytes": limits.bytes, "alarm": limits.seconds + GRACE}
        self._allowed = b"," + written_head(allowed)[1:]  # what every head ends with
        self.about: Head = {}
        self.deaths = 0
        self._nursery: Nursery | None = None
        self._orders = b""
        self._children: dict[int, Child] = {}
        self._idle: list[Child] = []
        self._starting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # --- beginning and end ---

    def spawn(self) -> None:
        """Starts the nursery, which then reads the dataset while the caller does other things."""
        self._nursery = Nursery(self.settings)

    async def start(self) -> None:
        """Waits until the first child can answer."""
        if self._nursery is None:
            self.spawn()
        assert self._nursery is not None  # noqa: S101 - just made
        loop = asyncio.get_running_loop()
        self.about = await loop.run_in_executor(None, self._nursery.ready)
        self._nursery.control.setblocking(False)
        loop.add_reader(self._nursery.control, self._heard)
        self._refill()

    @property
    def can_answer(self) -> bool:
        """Whether there is a child for the next job, or soon will be."""
        return bool(self.about) and not self._closed and bool(self._children)

    def renew(self, digest: str) -> None:
        """Lets what comes from now on be answered by new children, which look at their dataset afresh."""
        self.about["digest"] = digest
        for child in list(self._children.values()):
            if child.job is not None:
                child.worn = True
            else:
                self._kill(child)
        self._pump()

    async def drained(self) -> None:
        """Waits until nothing runs or waits, which the limit of time sees to."""
        places = self.places
        while not self._closed and (places.running or places.crawling or places.waiting or places.waiting_slow):
            await asyncio.sleep(A_PAUSE / 10)

    async def close(self) -> None:
        """Ends all children."""
        if self._nursery is not None and self.about:
            asyncio.get_running_loop().remove_reader(self._nursery.control)
        self.end()

    def end(self) -> None:
        """Ends all children without a loop."""
        self._closed = True
        if self._nursery is not None:
            self._nursery.close()

    # --- asking ---

    async def ask(self, head: Head, body: bytes = b"", key: Any = None, who: str = "") -> tuple[Head, bytes]:
        """What the job gives. `key` names it, so that a slow one is known when it comes again; `who` asks."""
        return await self.submit(written_head(head), body, key, who)

    def submit(self, head: bytes, body: bytes, key: Any, who: str) -> asyncio.Future[tuple[Head, bytes]]:
        """The same for who does not wait; Busy where there is no place for one more."""
        if self._closed:
            raise Busy(1.0)
        loop = asyncio.get_running_loop()
        job = Job(head, body, key, who, loop.create_future())
        self.places.put(job)
        job.deadline = loop.call_later(self.limits.seconds, self._too_late, job)
        job.future.add_done_callback(lambda _: self._forget(job))
        self._pump()
        return job.future

    def _pump(self) -> None:
        """Gives jobs to children as long as there are both."""
        while self._idle and (job := self.places.next()) is not None:
            self._give(job)
        self._refill()

    def _give(self, job: Job) -> None:
        child = self._idle.pop()
        child.job, job.child = job, child
        child.transport.write(framed_head(job.head[:-1] + self._allowed, job.body))  # type: ignore[attr-defined]
        if job.slow:
            self._lower(child)
        else:
            job.began = _spent(child.process)
            job.trial = asyncio.get_running_loop().call_later(SHORT_TRIAL, self._tried, job)

    def _tried(self, job: Job) -> None:
        """A job has had its short time: it may go on if nobody waits, or in a slow place, or must begin again."""
        if job.future.done() or job.child is None:
            return
        # what counts is how long it was run: on a busy machine that is less than how long it is here
        if _spent(job.child.process) - job.began < (SHORT_TRIAL if self.places.waiting else TRIAL):
            job.trial = asyncio.get_running_loop().call_later(SHORT_TRIAL, self._tried, job)
            return
        if self.places.slows(job):
            self._lower(job.child)
        else:
            self._kill(job.child)
            job.child = None
        self._pump()

    def _lower(self, child: Child) -> None:
        child.worn = True  # a priority cannot be raised again
        if child.process:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, child.process, LOW_PRIORITY)

    def _too_late(self, job: Job) -> None:
        if job.future.done():
            return
        if job.child is None:
            job.future.set_exception(Busy(self.limits.seconds))
        else:
            job.future.set_exception(ended(signal.SIGKILL, "", self.limits, in_time=False))
        self._forget(job)

    def _forget(self, job: Job) -> None:
        """Leaves no trace of a job that is done, was given up, or came too late."""
        for timer in (job.deadline, job.trial):
            if timer is not None:
                timer.cancel()
        self.places.leave(job)
        if job.child is not None:
            child, job.child = job.child, None
            if child.job is job:
                child.job = None
                self._kill(child)
        self._pump()

    # --- children ---

    def answered(self, child: Child, head: Head, body: bytes) -> None:
        """A child has answered its job."""
        job = child.job
        child.job, child.done = None, child.done + 1
        if job is not None:
            job.child = None
            self.places.leave(job)
            if not job.future.done():
                if "error" in head:
                    if head["error"].get("kind") == "inner":
                        self.log(f"a child failed: {last_words(child.words)[-MOST_SAID:]}")
                    job.future.set_exception(raised(head["error"], self.limits))
                else:
                    job.future.set_result((head, body))
        if head.get("last") or child.worn or child.done >= MOST_JOBS:
            self._kill(child)
        elif not child.gone:
            self._idle.append(child)
        self._pump()

    def lost(self, child: Child) -> None:
        """A child has gone; if it had a job, the nursery will say why."""
        if child in self._idle:
            self._idle.remove(child)
        child.gone = True
        if child.job is None:
            self._drop(child)
        self._pump()

    def _kill(self, child: Child) -> None:
        if child.gone:
            return
        child.gone, child.job = True, None
        if child in self._idle:
            self._idle.remove(child)
        if self._nursery is not None:
            self._nursery.kill(child.number)

    def _drop(self, child: Child) -> None:
        if self._children.pop(child.number, None) is not None:
            os.close(child.words)
            if child.transport is not None:
                child.transport.abort()

    def _refill(self) -> None:
        if self._closed or self._nursery is None or not self.about:
            return
        wanted = self.places.quick + 1 - len(self._idle) - len(self.places.running) - self._starting
        for _ in range(wanted):
            self._starting += 1
            task = asyncio.get_running_loop().create_task(self._fork())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fork(self) -> None:
        assert self._nursery is not None  # noqa: S101 - asked for by _refill only
        try:
            number, channel, words = self._nursery.fork()
        except OSError as error:
            self._starting -= 1
            self.log(f"no child could be started: {error}")
            return
        channel.setblocking(False)
        child = Child(self, number, words)
        self._children[number] = child
        await asyncio.get_running_loop().create_unix_connection(lambda: child, sock=channel)
        # it can be given a job before it is born: the channel holds it until then
        self._starting -= 1
        if child.gone:  # killed before it was there
            self._drop(child)
        else:
            self._idle.insert(0, child)
        self._pump()

    def _heard(self) -> None:
        """What the nursery reports: who was born, who has ended and how."""
        assert self._nursery is not None  # noqa: S101 - it is read from
        try:
            data = self._nursery.control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._bereft()
            return
        self._orders += data
        while len(self._orders) >= ORDER.size:
            what, number, value = ORDER.unpack_from(self._orders)
            self._orders = self._orders[ORDER.size :]
            child = self._children.get(number)
            if child is None:
                continue
            if what == FORKED:
                child.process = value
                if child.worn:
                    self._lower(child)
            elif what == ENDED:
                self._buried(child, value)

    def _buried(self, child: Child, status: int) -> None:
        job, child.job = child.job, None
        stillborn = job is None and not child.gone and not child.done
        if stillborn or (job is not None and not job.future.done()):
            words = last_words(child.words)
            self.deaths += 1
            self.log(f"a child ended by {_way(status)}: {words[:MOST_SAID] or 'without a word'}")
        if job is not None and not job.future.done():
            job.child = None
            self.places.leave(job)
            job.future.set_exception(ended(status, words, self.limits))
        if child in self._idle:
            self._idle.remove(child)
        child.gone = True
        self._drop(child)
        if stillborn:  # so would the next one be, perhaps
            asyncio.get_running_loop().call_later(A_PAUSE, self._pump)
        else:
            self._pump()

    def _bereft(self) -> None:
        """The nursery itself has gone: all children go, and another nursery is started."""
        assert self._nursery is not None  # noqa: S101 - it was there
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._nursery.control)
        if self._closed:
            return
        self.log("the nursery has ended; another is started")
        self._nursery.close()
        self._nursery, self.about, self._orders = None, {}, b""
        for child in list(self._children.values()):
            self._buried(child, signal.SIGKILL)
        self._idle.clear()
        task = loop.create_task(self._again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        pause = 0.0
        while not self._closed:
            await asyncio.sleep(pause)
            try:
                await self.start()
            except Exception as error:  # it is tried again until it succeeds
                self.log(f"no nursery: {error}")
                pause = min(30.0, pause * 2 + 0.5)
                self._nursery = None
            else:
                return


def _spent(process: int) -> float:
    """The processor time of a child in seconds, 0 where it is not born yet; the time of day where no system tells."""
    if not sys.platform.startswith("linux"):
        return time.monotonic()
    with contextlib.suppress(OSError):
        return time.clock_gettime(~process << 3 | PROCESSOR_TIME) if process else 0.0
    return 0.0


def _way(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit {os.WEXITSTATUS(status)}"

