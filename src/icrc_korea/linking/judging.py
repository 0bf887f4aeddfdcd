"""Writes what somebody decided on candidates for a thing, and tells what speaks against it."""

from __future__ import annotations

from ..errors import LayoutError, RemoteError, UsageError
from .candidates import Finder
from .items import is_item
from .judgements import ACCEPT, MATCHES, NONE, REJECT, Decision, Judgements
from .things import Things

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..dataset.facts import Graph
    from .services import Service
    from .things import Thing


def judge(
    graph: Graph,
    term: str,
    *,
    accept: Sequence[str] = (),
    reject: Sequence[str] = (),
    none: bool = False,
    who: str = "",
    why: str = "",
    match: str = "exact",
    evidence: Sequence[str] = (),
    confidence: float = 0.9,
    replace: bool = False,
    known: Callable[[], Service] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """Writes judgements on one thing, all or none; gives the file that holds them.

    `accept` and `reject` are numbers of items (Q42), `none` says that no item describes the thing. An exact
    match on less than two sources of `evidence` is written as a close one, which is told. `known` opens what was read
    of items before, for their names and for what speaks against them, which is told.
    """
    for number in [*accept, *reject]:
        if not is_item(number):
            raise UsageError(f"{number!r} is no item of Wikidata", "write its number, such as Q42")
    if none and accept:
        raise UsageError("no item exists, or one is accepted: not both", "leave out one of the two")
    if not (accept or reject or none):
        raise UsageError("a judgement accepts an item, rejects one, or says that there is none", "give one of these")
    if not 0 <= confidence <= 1:
        raise UsageError(f"{confidence} is no confidence", "give a number from 0 to 1, such as 0.9")
    if match not in MATCHES:
        raise UsageError(f"{match!r} is no kind of match", "write one of " + ", ".join(MATCHES))
    judgements, thing = Judgements(graph.layout), Things(graph).read(graph.resolve(term))
    wanted = [(ACCEPT, number) for number in accept] + [(REJECT, number) for number in reject]
    wanted += [(NONE, "")] if none else []
    decisions = [
        Decision(thing.id, what, number, _label(thing, number, what, judgements, known, tell) if number else "",
                 match, who, why, tuple(evidence), confidence)
        for what, number in wanted
    ]  # fmt: skip
    judgements.decide(decisions, lambda _: thing.label, replace)
    for doubt in filter(None, (decision.doubt for decision in decisions)):
        tell(f"mind: {doubt}")
    return judgements.path


def _label(
    thing: Thing,
    number: str,
    what: str,
    judgements: Judgements,
    known: Callable[[], Service] | None,
    tell: Callable[[str], None],
) -> str:
    """What the item is called in the answers there were; tells what in them speaks against accepting it."""
    if known is None:
        return number
    try:
        finder = Finder(known(), judgements, 1)
        item = finder.item(number)
        if item and what == ACCEPT:
            for feature in finder.weigh(thing, item).contradictions:
                tell(f"mind: {feature.name}: {feature.why}")
        return item.label("en") if item else number
    except (RemoteError, LayoutError):
        return number
