"""Asks about one candidate at a time, with a key for each answer."""

from __future__ import annotations

from ..linking.judgements import ACCEPT, NONE, REJECT, Decision
from ..text import safe, width_of_terminal, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..linking.scoring import Candidate, Feature
    from ..linking.things import Thing

QUESTION = "the same?  y yes · c close · b broader · n no · 0 no item exists · s skip · q quit  > "
ANSWERS = {
    "y": (ACCEPT, "exact"),
    "c": (ACCEPT, "close"),
    "b": (ACCEPT, "broad"),
    "n": (REJECT, "exact"),
    "0": (NONE, "exact"),
}


def shown(thing: Thing, candidate: Candidate) -> list[str]:
    """A candidate with its explanation, as lines."""
    item, width = candidate.item, width_of_terminal()
    about = item.descriptions.get("en") or next(iter(item.descriptions.values()), "")
    service = f", the service says {candidate.service_score:g}" if candidate.service_score is not None else ""
    lines = wrapped(
        f"  {item.id}  {safe(item.label('en'))}  {candidate.score} of 100{service}  {safe(about)}", width, "      "
    )
    for feature in candidate.features:
        lines += wrapped(f"      {mark(feature)} {feature.name}: {safe(feature.why)}", width, "           ")
    return [*lines, f"      https://www.wikidata.org/wiki/{item.id}"]


def mark(feature: Feature) -> str:
    """The points of a feature; `against` for a contradiction."""
    return "against" if feature.contradicts else f"{feature.points:+d}"


def review(
    rows: Iterable[tuple[Thing, Sequence[Candidate]]],
    who: str,
    ask: Callable[[str], str],
    say: Callable[[str], None],
) -> Iterator[Decision]:
    """The decisions of a person, as they are made."""
    for thing, candidates in rows:
        say("")
        say(f"{thing.id}  {safe(thing.label)}  ({thing.kind})")
        for candidate in candidates:
            for line in shown(thing, candidate):
                say(line)
            answer = _answer(ask, say)
            if answer == "q":
                return
            if answer == "s":
                continue
            what, match = ANSWERS[answer]
            why = _reason(candidate, what)
            given = ask(f"why? (Enter: {why[:100]}) > ").strip() or why
            number, label = ("", "") if what == NONE else (candidate.item.id, candidate.item.label("en"))
            yield Decision(thing.id, what, number, label, match, who, given, reviewed=True)
            if what != REJECT:
                break


def _answer(ask: Callable[[str], str], say: Callable[[str], None]) -> str:
    while True:
        given = ask(QUESTION).strip().casefold()[:1]
        if given in ANSWERS or given in ("s", "q"):
            return given
        say("one of y, c, b, n, 0, s, q")


def _reason(candidate: Candidate, what: str) -> str:
    """The explanation of a candidate as a sentence."""
    if what == NONE:
        return "No item was found that describes it."
    kept = [one.why for one in candidate.features if (one.contradicts or one.points < 0) == (what == REJECT)]
    return "; ".join(kept) or ("It describes something else." if what == REJECT else "It describes the same.")
