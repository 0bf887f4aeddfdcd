"""Runs one command: arguments in, exit code out."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys

from ..errors import KgError
from ..text import shortened, width_of_terminal
from .terminal import Progress, fitting, say
from .verb import find

SOURCES = "ICRC_KOREA_SOURCES"
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

WELCOME = """\
The ICRC in the Korean War, as a graph you can ask. Statements name the sentences they rest on.

  icrc-korea queries                              the questions that are ready to ask
  icrc-korea query correspondence/unanswered      ask one of them
  icrc-korea show 'Paul Ruegger'                  all there is on one thing
  icrc-korea why SUBJECT PREDICATE OBJECT         the sentences behind one statement
  echo 'SELECT * { ?s kw:sender ?o }' | icrc-korea query -       your own SPARQL
  icrc-korea export --format turtle -o graph.ttl  the graph for other tools
  icrc-korea stats                                what is in it
  icrc-korea check                                whether the files keep the rules

`icrc-korea VERB --help` explains a verb with examples.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code and never lets an expected error out as a traceback."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = _parser(given[:1]).parse_args(given)
        code = _run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except KgError as error:
        say(f"icrc-korea: {shortened(str(error))}")
        return error.exit_code
    except OSError as error:
        if error.filename is None:  # a full disk, a terminal that went away
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say(f"icrc-korea: {shortened(_told(error))}")
        return 3


def _told(error: OSError) -> str:
    """What the system refused, with the file if it names one, and what to do about it."""
    what = error.strerror or str(error)
    if error.filename is None:
        return f"the output cannot be written: {what}\n  → write it elsewhere, or make room"
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else str(error.filename)
    if error.errno == errno.ENAMETOOLONG:
        return f"no file can be called {name}: {len(name):,} characters are too many\n  → give a shorter name"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"there is no room left for {name}\n  → make room, or write elsewhere"
    return f"{name} cannot be used: {what}\n  → check the name, and that you may read it, or write there"


def _open_streams() -> None:
    """Puts something in the place of streams that are closed: what is written as an answer is then refused by name.

    A file that is opened later would otherwise take their number, and the answer would be written into it.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stdout is None:
        os.open(os.devnull, os.O_WRONLY)
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(Closed()), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115


class Closed(io.RawIOBase):
    """A standard output that was closed before the command began: says so once, then takes all and keeps nothing."""

    told = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, data: Any) -> int:
        if not self.told:
            self.told = True
            raise OSError(errno.EBADF, "standard output is closed")
        return len(data)


def _run(options: argparse.Namespace) -> int:
    if options.verb is None:
        sys.stdout.write("\n".join(fitting(WELCOME)))
        return 0
    from ..graph import KnowledgeGraph

    # both may stand before or after the verb, and then have no default of their own
    with Progress(getattr(options, "quiet", False)) as progress:
        before = os.environ.get(SOURCES)
        chosen = getattr(options, "sources", before)
        try:
            if chosen is not None:
                os.environ[SOURCES] = chosen or ","  # for the processes that are started, too
            store = getattr(options, "ask", None)
            graph = KnowledgeGraph(getattr(options, "root", None), progress, store, chosen or "")
            code: int = options.run(graph, options, progress)
        finally:
            if before is None:
                os.environ.pop(SOURCES, None)
            else:
                os.environ[SOURCES] = before
    return code


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help as wide as our tables; argparse would import a whole file library to find the width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width_of_terminal())


class Version(argparse.Action):
    """Prints the version and ends: looked up only when it is asked for, for that takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"icrc-korea {version('icrc-korea')}\n")
        parser.exit()


class Given(argparse.Action):
    """A format, and that it was asked for: then the name of a file does not decide."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: object = None
    ) -> None:
        namespace.format, namespace.format_given = values, True


def _parser(first: list[str]) -> argparse.ArgumentParser:
    """The parser; only of one verb if the first argument names it, for each costs half a millisecond."""
    shared = argparse.ArgumentParser(add_help=False, formatter_class=HelpText)
    shared.add_argument(
        "--root", default=argparse.SUPPRESS, help="the folder that holds ontology/, data/ and queries/"
    )
    shared.add_argument(
        "--sources", default=argparse.SUPPRESS, metavar="A,B", help="only what these sources of graph.toml say"
    )
    shared.add_argument(
        "--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress on the way"
    )
    parser = argparse.ArgumentParser(
        prog="icrc-korea",
        parents=[shared],
        epilog="\n".join(fitting(WELCOME)),
        formatter_class=HelpText,
    )
    parser.set_defaults(verb=None)
    parser.add_argument("--version", action=Version, nargs=0, help="print the version and stop")
    # prog is given, or argparse would format a whole usage text to find it
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", prog="icrc-korea")

    for name, verb in find(first[0] if first else "").items():
        sub = verbs.add_parser(
            name,
            parents=[shared],
            help=verb.about,
            description=verb.about,
            epilog="examples:\n" + "\n".join(f"  {example}" for example in verb.examples),
            formatter_class=HelpText,
        )
        sub.set_defaults(run=verb.run)
        if verb.formats:
            sub.set_defaults(format_given=False)
            sub.add_argument("--format", choices=verb.formats, default=verb.formats[0], action=Given,
                             help=f"default: {verb.formats[0]}")
        for flags, settings in verb.arguments:
            sub.add_argument(*flags.split(), **settings)
    return parser
