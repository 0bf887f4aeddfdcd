"""One question asked of many cases in one test: all of them are tried, and each that fails is named with its reason.

    @every("label", sorted(labels()), name=str)
    def test_a_label_finds_its_thing(label, graph): ...

It is written like `pytest.mark.parametrize`. What takes long, or what one wants to run alone, stays a test for itself.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

MOST_SHOWN = 20  # failures in full


def every(
    names: str | tuple[str, ...], cases: Iterable[Any], name: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Asks a test of every case; `names` are those of its arguments that a case gives."""
    held, single = list(cases), isinstance(names, str)

    def asked(test: Callable[..., None]) -> Callable[..., None]:
        given = (names,) if isinstance(names, str) else names
        signature = inspect.signature(test)

        @functools.wraps(test)
        def all_of_them(**fixtures: Any) -> None:
            assert held, "there is no case"
            failed = []
            for case in held:
                values = (case,) if single else case
                try:
                    test(**dict(zip(given, values, strict=True)), **fixtures)
                except Exception as error:
                    failed.append(f"{name(case)}: {type(error).__name__}: {error}")
            more = f"\n… and {len(failed) - MOST_SHOWN} more" if len(failed) > MOST_SHOWN else ""
            told = "\n".join(failed[:MOST_SHOWN]) + more
            assert not failed, f"{len(failed)} of {len(held)} fail:\n{told}"

        kept = [parameter for parameter in signature.parameters.values() if parameter.name not in given]
        del all_of_them.__wrapped__
        all_of_them.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        return all_of_them

    return asked
