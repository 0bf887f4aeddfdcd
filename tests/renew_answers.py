"""Writes the answers in cases/queries/ as the graph gives them now: read each difference before you keep it.

`make answers` runs it. A question without an answer gets one; parameters are the lines `# name=value` of a file.
"""

from __future__ import annotations

from pathlib import Path

from test_queries import ANSWERS, CASES, QUESTIONS, Case

import icrc_korea

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Renews every file; gives how many have changed."""
    graph, changed = icrc_korea.load(ROOT), 0
    for path in [*ANSWERS, *(CASES / f"{name}.csv" for name in QUESTIONS if not (CASES / f"{name}.csv").exists())]:
        before = path.read_bytes() if path.exists() else b""
        case = Case(path) if before else None
        head = b"".join(line for line in before.splitlines(keepends=True) if line.startswith(b"# "))
        name = path.relative_to(CASES).with_suffix("").as_posix()
        answer = graph.run(case.question, **case.given) if case else graph.run(name)
        after = head + answer.serialise("csv").replace(b"\r\n", b"\n")
        if after != before:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(after)
            print(path.relative_to(ROOT))
            changed += 1
    return changed


if __name__ == "__main__":
    print(f"{main()} answers have changed: read them with `git diff`")
