"""Lets grlc read the questions, topic by topic, as it reads the folders of a repository.

    python grlc_reads.py queries

Runs in an environment of its own (`.ci/run`), for grlc brings a web framework. An ASK is nothing for grlc.
"""

from __future__ import annotations

import sys
from pathlib import Path

from grlc.fileLoaders import LocalLoader
from grlc.swagger import process_sparql_query_text

APART = ("derive", "quality", "federated")


def main() -> int:
    """Reads every folder; 1 if a question is not an address then."""
    read, wrong = 0, []
    for topic in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir() and path.name not in APART):
        for path in sorted(topic.glob("*.rq")):
            text = path.read_text(encoding="utf-8")
            if "\nASK" in text:
                continue
            try:
                item = process_sparql_query_text(text, LocalLoader(str(topic)), path.stem, [])
            except Exception as error:
                wrong.append(f"{path}: {error}")
                continue
            read += 1
            if not isinstance(item["summary"], str) or not item["summary"].endswith("?") or not item["tags"]:
                wrong.append(f"{path}: {item['summary']!r}, {item['tags']!r}")
    print("\n".join(wrong) or f"grlc reads {read} questions")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
