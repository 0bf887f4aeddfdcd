"""Gives jobs their places: a few quick ones, fewer slow ones of which nobody gets all, and a queue for each."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from ..errors import LimitReached

if TYPE_CHECKING:
    import asyncio
    from typing import Any

    Head = dict[str, Any]

REMEMBERED = 2000  # jobs that were slow before


class Busy(LimitReached):
    """So many jobs wait that one more is refused."""

    def __init__(self, wait: float) -> None:
        super().__init__("places", "too many queries are running", "ask again later, or ask for less")
        self.wait = wait


class Job:
    """One job on its way; `key` names what it asks, `who` who asks, where that is known."""

    __slots__ = ("began", "body", "child", "deadline", "future", "head", "key", "slow", "trial", "who")

    def __init__(
        self, head: bytes, body: bytes, key: Any, who: str, future: asyncio.Future[tuple[Head, bytes]]
    ) -> None:
        self.head, self.body, self.key, self.who, self.future = head, body, key, who, future
        self.child: Any = None  # that runs it
        self.slow, self.began = False, 0.0
        self.deadline: asyncio.TimerHandle | None = None
        self.trial: asyncio.TimerHandle | None = None


class Places:
    """Who runs and who waits."""

    def __init__(self, quick: int, slow: int, most_waiting: int) -> None:
        self.quick, self.slow, self.most_waiting = quick, slow, most_waiting
        self.share = max(1, slow - 1)  # of the slow places, for one who asks
        self.most_of_one = max(1, most_waiting // 4)
        self.running: set[Job] = set()
        self.crawling: set[Job] = set()
        self.waiting: deque[Job] = deque()
        self.waiting_slow: deque[Job] = deque()
        self._known_slow: OrderedDict[Any, None] = OrderedDict()

    def put(self, job: Job) -> None:
        """Lets a job wait; Busy where too many do, of all or of the same who asks."""
        queues = (self.waiting, self.waiting_slow)
        if sum(map(len, queues)) >= self.most_waiting or (
            job.who and sum(other.who == job.who for queue in queues for other in queue) >= self.most_of_one
        ):
            raise Busy(1.0)
        job.slow = job.key is not None and job.key in self._known_slow
        (self.waiting_slow if job.slow else self.waiting).append(job)

    def next(self) -> Job | None:
        """The job whose turn it is, quick ones first; it has its place then."""
        if self.waiting and len(self.running) < self.quick:
            job = self.waiting.popleft()
            self.running.add(job)
            return job
        turn = next((job for job in self.waiting_slow if self._free(job)), None)
        if turn is not None:
            self.waiting_slow.remove(turn)
            self.crawling.add(turn)
        return turn

    def slows(self, job: Job) -> bool:
        """A job that runs was not quick: whether it may go on in a slow place, else it waits for one."""
        self.running.discard(job)
        job.slow = True
        if job.key is not None:
            self._known_slow[job.key] = None
            if len(self._known_slow) > REMEMBERED:
                self._known_slow.popitem(last=False)
        free = self._free(job)
        if free:
            self.crawling.add(job)
        else:
            self.waiting_slow.append(job)
        return free

    def _free(self, job: Job) -> bool:
        of_one = sum(other.who == job.who for other in self.crawling) if job.who else 0
        return len(self.crawling) < self.slow and of_one < self.share

    def leave(self, job: Job) -> None:
        """Frees the place of a job that is done, or was given up."""
        self.running.discard(job)
        self.crawling.discard(job)
        if job.child is None:
            for queue in (self.waiting, self.waiting_slow):
                if job in queue:
                    queue.remove(job)
