"""Gives whoever runs the service something to watch: one line of the log for each event, and figures for Prometheus."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..text import safe

if TYPE_CHECKING:
    from typing import Any


KINDS = {"sparql": "sparql", "q": "question", "search": "search", "search.html": "search", "reconcile": "reconcile",
         "static": "static", "id": "thing", "ontology": "thing", "vocab": "thing", "graph": "thing", "": "page",
         "healthz": "watch", "metrics": "watch", "store": "store"}  # fmt: skip
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
LONGEST_PATH = 200
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Log:
    """Lines on standard error: for people, or one JSON object each. Of what visitors send they have the path."""

    def __init__(self, form: str = "text") -> None:
        self.as_json = form == "json"

    def event(self, text: str, *, level: str = "info", **fields: Any) -> None:
        """Something has happened."""
        if self.as_json:
            self._line({"level": level, "event": text, **fields})
        else:
            sys.stderr.write(safe(text) + "\n")
            sys.stderr.flush()

    def request(self, **fields: Any) -> None:
        """A request was answered; people are not told of each."""
        self._line({"level": "info", "event": "request", **fields})

    def _line(self, fields: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        sys.stderr.write(json.dumps({"time": now, **fields}) + "\n")
        sys.stderr.flush()


class Watch:
    """What was answered so far."""

    def __init__(self, log: Log) -> None:
        self.log, self.began = log, time.time()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.kept = self.made = self.reloads = 0
        # for each kind how many took how long, how many there were, and how long they took in all
        self._seconds: dict[str, list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))

    def answered(self, method: str, path: str, status: int, seconds: float, size: int) -> None:
        """One more answer."""
        kind = KINDS.get(path.split("/", 2)[1] if path.startswith("/") else "", "other")
        self.answers[kind, status] += 1
        row = self._seconds[kind]
        for place, most in enumerate(BUCKETS):
            if seconds <= most:
                row[place] += 1
                break
        row[-2] += 1
        row[-1] += seconds
        if self.log.as_json:
            self.log.request(method=method, path=path[:LONGEST_PATH], status=status, ms=round(seconds * 1000, 2),
                             bytes=size)  # fmt: skip

    def figures(self, serving: Any) -> str:
        """All figures as Prometheus reads them."""
        counts: dict[str, float] = {
            f'{{kind="{kind}",status="{status}"}}': count for (kind, status), count in sorted(self.answers.items())
        }
        text = _told("requests_total", "counter", "Requests answered.", counts)
        text += _told("request_seconds", "histogram", "How long answers took.", self._spans())
        text += _told("cache_answers_total", "counter", "Answers that were kept from before, and that were made.",
                      {'{kept="yes"}': self.kept, '{kept="no"}': self.made})  # fmt: skip
        text += _told("cache_bytes", "gauge", "Size of the answers that are kept.", {"": serving.cache.size})
        running: dict[str, float] = {}
        waiting: dict[str, float] = {}
        lost: dict[str, float] = {}
        for name, pool in (("asking", serving.asking), ("reading", serving.reading)):
            label, places = f'{{pool="{name}"}}', pool.places
            running[label] = len(places.running) + len(places.crawling)
            waiting[label] = len(places.waiting) + len(places.waiting_slow)
            lost[label] = pool.deaths
        text += _told("queries_running", "gauge", "Queries that run.", running)
        text += _told("queries_waiting", "gauge", "Queries that wait for a place.", waiting)
        text += _told("children_lost", "gauge", "Processes that died over a query since the last reload.", lost)
        text += _told("reloads_total", "counter", "Times that a new build was taken up.", {"": self.reloads})
        digest = serving.asking.about.get("digest", "")
        text += _told("dataset_info", "gauge", "Which dataset is served.", {f'{{digest="{digest}"}}': 1})
        return text + _told("start_time_seconds", "gauge", "When the service was started.", {"": round(self.began, 3)})

    def _spans(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for kind, (*counts, every, seconds) in sorted(self._seconds.items()):
            total = 0.0
            for most, count in zip(BUCKETS, counts, strict=True):
                total += count
                found[f'_bucket{{kind="{kind}",le="{most:g}"}}'] = total
            found[f'_bucket{{kind="{kind}",le="+Inf"}}'] = found[f'_count{{kind="{kind}"}}'] = every
            found[f'_sum{{kind="{kind}"}}'] = round(seconds, 6)
        return found


def _told(name: str, kind: str, about: str, values: dict[str, float]) -> str:
    """One figure with its values by label."""
    rows = "".join(f"icrc_korea_{name}{label} {value:.15g}\n" for label, value in values.items())
    return f"# HELP icrc_korea_{name} {about}\n# TYPE icrc_korea_{name} {kind}\n{rows}"
