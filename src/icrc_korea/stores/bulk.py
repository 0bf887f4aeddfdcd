"""Writes files and a script for the bulk loader of a store."""

from __future__ import annotations

import shlex
from pathlib import Path

from ..errors import LayoutError
from .dialects import DROP_AND_POST
from .push import _entry, manifest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dialects import Place
    from .spool import Spool

def write_bulk(spool: Spool, place: Place, folder: str, name: str, one_each: bool = False) -> None:
    """Writes what is to be loaded into a folder: a file for each graph, or all in one with a script."""
    root = Path(folder)
    try:
        root.mkdir(parents=True, exist_ok=True)
        manifest = "".join(_manifest_text(spool)).encode()
        if one_each:
            for number, graph in enumerate(spool.graphs.values(), 1):
                with (root / f"{number:05}.nt").open("wb") as stream:
                    stream.writelines(block for part in graph.parts for block in spool.read(part))
            (root / "manifest.nt").write_bytes(manifest)
            return
        with (root / "graphs.nq").open("wb") as stream:
            for graph in spool.graphs.values():
                end = f" <{graph.iri}> .\n".encode()
                lines = (line[:-3] + end for line in spool.lines(graph))
                stream.writelines(map(escaped, lines) if place.dialect.ascii_files else lines)
            end = f" <{manifest_of(name)}> .\n".encode()
            stream.writelines(line[:-2] + end for line in manifest.splitlines())
        script = root / "load.sh"
        dialect = place.dialect
        doubt = "" if dialect.tried else "# Not tried on the store itself: it follows the manual.\n"
        script.write_text(
            f"#!/usr/bin/env bash\n# Loads graphs.nq into {dialect.title}; the store must be empty of these graphs.\n"
            f'{doubt}set -euo pipefail\ncd "$(dirname "$0")"\n{dialect.bulk or NO_LOADER}\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    except OSError as error:
        raise LayoutError(f"{folder} cannot be written: {error.strerror}", "name a folder you may write to") from None


def escaped(line: bytes) -> bytes:
    r"""A line of N-Quads in ASCII alone.

    >>> escaped('<urn:a> <urn:p> "중국 é" .'.encode())
    b'<urn:a> <urn:p> "\\uC911\\uAD6D \\u00E9" .'
    """
    if line.isascii():
        return line
    return "".join(
        char if char.isascii() else f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
        for char in line.decode()
    ).encode("ascii")


NO_LOADER = "echo 'this kind of store has no bulk loader that we know: see its manual' >&2; exit 1"


def _manifest_text(spool: Spool) -> Iterator[str]:
    for graph in spool.graphs.values():
        yield from _entry(graph.iri, (graph.count, graph.digest))


def bulk(place: Place, folder: str) -> list[str]:
    """What to do with the folder."""
    argument = next((part.partition("}")[0] for part in place.dialect.bulk.split("${1:?")[1:]), "")
    return [f"bash {shlex.quote(folder)}/load.sh" + (f"   # and as argument: {argument}" if argument else "")]


def curl_lines(spool: Spool, place: Place, folder: str, name: str) -> list[str]:
    """Lines for a shell that push each graph of the folder; no password is in them."""
    from os import environ

    login = "--netrc-optional"
    if environ.get("ICRC_KOREA_TOKEN"):
        login = """-H @<(printf 'Authorization: Bearer %s' "$ICRC_KOREA_TOKEN")"""
    elif environ.get("ICRC_KOREA_PASSWORD"):
        quoted = """sed 's/[\\"]/\\\\&/g; s/.*/user = "&"/'"""  # as curl reads its options from a file
        login = f"""-K <(printf %s:%s "$ICRC_KOREA_USER" "$ICRC_KOREA_PASSWORD" | {quoted})"""
    elif environ.get("NETRC"):
        login = '--netrc-file "$NETRC" --netrc-optional'
    curl = " ".join(filter(None, ["curl --fail-with-body -sS", place.dialect.login, login]))
    files = [(graph.iri, f"{number:05}.nt") for number, graph in enumerate(spool.graphs.values(), 1)]
    lines = []
    for iri, file in [*files, (manifest_of(name), "manifest.nt")]:
        method = "PUT"
        if place.dialect.way == DROP_AND_POST:
            drop = shlex.quote(f"update=DELETE WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}")
            lines.append(f"{curl} --data-urlencode {drop} {shlex.quote(place.update)}")
            method = "POST"
        kind = shlex.quote(f"Content-Type: {place.dialect.sends}")
        path = shlex.quote(f"{folder}/{file}")
        lines.append(f"{curl} -X {method} -H {kind} -T {path} {shlex.quote(place.graph(iri))}")
    return lines
