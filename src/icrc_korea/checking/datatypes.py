"""Tells which texts are values of the datatypes of XML Schema 1.1, here or in the words of SPARQL."""

from __future__ import annotations

import re
from calendar import isleap

from ..rdf.spaces import XSD

ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
YEAR = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
MONTH = r"(?P<month>0[1-9]|1[0-2])"
DAY = r"(?P<day>0[1-9]|[12][0-9]|3[01])"
CLOCK = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
YEARS, DAYS = r"(?:[0-9]+Y)?(?:[0-9]+M)?", r"(?:[0-9]+D)?"
HOURS = r"(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
WHOLE = r"[+-]?[0-9]+"
FLOAT = NUMBER + r"(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
# how the values of each datatype are written: digits are those of ASCII
WRITTEN = {
    "boolean": "true|false|1|0",
    "decimal": NUMBER,
    "float": FLOAT,
    "double": FLOAT,
    "date": f"{YEAR}-{MONTH}-{DAY}{ZONE}",
    "dateTime": f"{YEAR}-{MONTH}-{DAY}T{CLOCK}{ZONE}",
    "dateTimeStamp": f"{YEAR}-{MONTH}-{DAY}T{CLOCK}{ZONE[:-1]}",
    "time": CLOCK + ZONE,
    "gYear": YEAR + ZONE,
    "gYearMonth": f"{YEAR}-{MONTH}{ZONE}",
    "gMonth": f"--{MONTH}{ZONE}",
    "gMonthDay": f"--{MONTH}-{DAY}{ZONE}",
    "gDay": f"---{DAY}{ZONE}",
    "duration": f"-?P(?=.){YEARS}{DAYS}{HOURS}",
    "yearMonthDuration": f"-?P(?=.){YEARS}",
    "dayTimeDuration": f"-?P(?=.){DAYS}{HOURS}",
    "hexBinary": "(?:[0-9a-fA-F]{2})*",
    "base64Binary": r"(?:(?:[A-Za-z0-9+/] ?){4})*"
                    r"(?:(?:[A-Za-z0-9+/] ?){3}[A-Za-z0-9+/]|(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?="
                    r"|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?",
    "language": "[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
    "normalizedString": r"[^\t\n\r]*",
    "token": r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?",
}  # fmt: skip
# the whole numbers, each with its least and its greatest value
BETWEEN: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None), "nonNegativeInteger": (0, None), "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1),
}  # fmt: skip
for _kind, _bits in (("Long", 64), ("Int", 32), ("Short", 16), ("Byte", 8)):
    BETWEEN[_kind.lower()] = (-(2 ** (_bits - 1)), 2 ** (_bits - 1) - 1)
    BETWEEN["unsigned" + _kind] = (0, 2**_bits - 1)
FORMS = {XSD + name: re.compile(pattern) for name, pattern in WRITTEN.items()}
FORMS |= {XSD + name: re.compile(WHOLE) for name in BETWEEN}
MOST_DIGITS = 4000  # of a number that is compared with limits: Python converts no longer ones


def is_value(text: str, datatype: str) -> bool:
    """Whether a text is a value of a datatype of FORMS, such a day and such a number included."""
    found = FORMS[datatype].fullmatch(text)
    if not found:
        return False
    limits = BETWEEN.get(datatype.removeprefix(XSD))
    return _is_day(**found.groupdict()) if limits is None else _is_between(text, *limits)


def _is_day(year: str = "", month: str = "", day: str = "") -> bool:
    """Whether a month has such a day; without a year, in some year. Years go back before the year 0."""
    if not month or not day:
        return True
    shortened = {"02": 29 if not year or isleap(int(year[-4:])) else 28, "04": 30, "06": 30, "09": 30, "11": 30}
    return int(day) <= shortened.get(month, 31)


def _is_between(text: str, least: int | None, greatest: int | None) -> bool:
    digits = text.lstrip("+-").lstrip("0") or "0"
    sign = -1 if text[0] == "-" and digits != "0" else 1
    number = sign * int(digits if len(digits) < MOST_DIGITS else "9" * MOST_DIGITS)
    return (least is None or number >= least) and (greatest is None or number <= greatest)


# --- the same in SPARQL ------------------------------------------------------------------------------------------

LEAP = "([0-9]*[0-9][0-9](0[48]|[2468][048]|[13579][26])|[0-9]*([02468][048]|[13579][26])00)"
NO_DAY = {"date": "^-?[0-9]+-", "dateTime": "^-?[0-9]+-", "dateTimeStamp": "^-?[0-9]+-", "gMonthDay": "^--"}


def conditions(datatype: str, node: str) -> list[str]:
    """What SPARQL asks of a node so that its text is a value of a datatype; nothing for one that is not of FORMS.

    Of regular expressions only what every store's engine knows: nothing that looks ahead, and no `$` alone, before
    which some let a line break by.
    """
    if datatype not in FORMS:
        return []
    name, text = datatype.removeprefix(XSD), f"STR({node})"
    pattern = re.sub(r"\(\?(?:P<\w+>|:)", "(", FORMS[datatype].pattern).replace("(?=.)", "")
    found = [f"REGEX({text}, {_quoted(f'^({pattern})$')})"]
    if name not in ("normalizedString", "token"):
        found.append(f'!CONTAINS({text}, "\\n")')
    if "uration" in name:  # a P or T after which something must follow
        found.append(f'!REGEX({text}, "[PT]$")')
    if name in NO_DAY:
        found.append(f'!REGEX({text}, "{NO_DAY[name]}(02-3|(02|04|06|09|11)-31)")'.replace("02-3|", "02-3[01]|"))
    if name in NO_DAY and name != "gMonthDay":
        found.append(f'(!REGEX({text}, "^-?[0-9]+-02-29") || REGEX({text}, "^-?{LEAP}-02-29"))')
    least, greatest = BETWEEN.get(name, (None, None))
    number = f"<{XSD}decimal>({text})"
    found += [f"{number} >= {least}.0"] if least is not None else []
    return found + ([f"{number} <= {greatest}.0"] if greatest is not None else [])


def _quoted(pattern: str) -> str:
    return '"' + pattern.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") + '"'


def spellings(text: str, datatype: str) -> list[str]:
    """A number as it is written, and as stores that keep numbers write it; any other text alone."""
    name = datatype.removeprefix(XSD)
    if name not in ("decimal", *BETWEEN) or not is_value(text, datatype):
        return [text]
    whole, _, part = text.lstrip("+-").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    sign = "-" if text[0] == "-" and (whole != "0" or part) else ""
    short = f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    return list(dict.fromkeys([text, short, *([f"{short}.0"] if name == "decimal" and not part else [])]))
