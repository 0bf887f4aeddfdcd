"""Draws answers of the catalogue: timeline, network, map, sources.

Each picture is drawn from answers to catalogue questions, and never says more than they do: it comes with a
text for those who do not see it, and with the rows that it was drawn from.
"""

from __future__ import annotations

import html
import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import LayoutError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    Row = dict[str, Any]
    Ask = Callable[[str], Iterable[Row]]

FORMS = ("svg", "png", "html")
# One hue a meaning, told apart also by shape or dash, and readable with any colour vision (Okabe and Ito)
BLUE, ORANGE, GREEN, GREY, INK, PAPER = "#0072B2", "#D55E00", "#009E73", "#767676", "#222222", "#F4F1EA"
FONT = "Noto Sans, Noto Sans KR, DejaVu Sans, Arial, sans-serif"
WIDE = 820  # pixels: fits a page, and a slide
MISSING = "icrc-korea draw needs altair and its converter, which are not installed"
RESPONSES = {
    "response:none-reported": "no answer, as the guide reports",
    "response:not-stated": "the guide does not mention an answer",
    "": "the guide does not mention an answer",
}


class Picture:
    """A drawn answer: its title, a Vega-Lite specification, a text in place of it, and its rows."""

    def __init__(self, title: str, about: str, chart: Any, lines: list[str], rows: list[Row]) -> None:
        """`about` says how to read the picture; `lines` say what it shows, one a row."""
        self.title, self.lines, self.rows = title, [about, *lines], rows
        text = " ".join([f"{title}.", *self.lines])
        self.spec: dict[str, Any] = {**chart.to_dict(), "description": text, "title": _title(title, about)}

    @property
    def text(self) -> str:
        """What the picture shows, in words."""
        return "\n".join([self.title, "", *self.lines]) + "\n"

    def _repr_svg_(self) -> str:
        """The picture in a notebook."""
        return self.serialise("svg").decode()

    def table(self) -> str:
        """The rows that were drawn, as CSV."""
        import csv
        import io

        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(self.rows[0]) if self.rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return stream.getvalue()

    def serialise(self, form: str) -> bytes:
        """The picture as svg, png or html; the page carries all it needs and asks no network."""
        convert = _import("vl_convert")
        if form == "svg":
            return self._described(str(convert.vegalite_to_svg(self.spec))).encode()
        if form == "png":
            return bytes(convert.vegalite_to_png(self.spec, scale=2))
        if form != "html":
            raise UsageError(f"there is no format {form!r} for pictures", "formats: " + ", ".join(FORMS))
        return self._page(_script(convert)).encode()

    def _described(self, svg: str) -> str:
        """The SVG with a title and a text that readers of screens speak, and names that do not count up."""
        found: dict[str, str] = {}
        svg = re.sub(r"\bclip\d+\b", lambda match: found.setdefault(match[0], f"clip-{len(found) + 1}"), svg)
        start, end = svg.split(">", 1)
        said = f"<title>{html.escape(self.title)}</title><desc>{html.escape(' '.join(self.lines))}</desc>"
        return f'{start} role="img">{said}{end}'

    def _page(self, script: str) -> str:
        """A page that needs nothing from elsewhere: the picture, its text and its rows.

        The specification stands in the page as JSON without any `<`, so that no name in it can end the script.
        """
        title, about = html.escape(self.title), html.escape(self.lines[0])
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in (self.rows[0] if self.rows else ()))
        rows = "\n".join(
            "<tr>" + "".join(f"<td>{html.escape(str(value))}</td>" for value in row.values()) + "</tr>"
            for row in self.rows
        )
        spec = json.dumps(self.spec, ensure_ascii=False).replace("<", "\\u003c")
        return PAGE.format(
            title=title, about=about, head=head, rows=rows, spec=spec, script=script, font=FONT,
            lines="".join(f"<li>{html.escape(line)}</li>" for line in self.lines[1:]),
        )  # fmt: skip


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 {font}; color: #222; margin: 2rem auto; max-width: 66rem; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.1rem }}
#picture, .rows {{ max-width: 100%; overflow-x: auto }}
table {{ border-collapse: collapse; font-size: .85rem }}
.words {{ list-style: none; padding: 0 }}
td, th {{ border: 1px solid #bbb; padding: .25rem .5rem; text-align: left; vertical-align: top }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{about}</p>
<div id="picture" tabindex="0"></div>
<h2>In words</h2>
<ul class="words">{lines}</ul>
<h2>The rows behind it</h2>
<div class="rows" tabindex="0"><table><thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody></table></div>
</main>
<script type="application/json" id="spec">{spec}</script>
<script type="module">{script}</script>
</body>
</html>
"""
SHOW = """
const spec = JSON.parse(document.getElementById("spec").textContent);
vegaEmbed("#picture", spec, {renderer: "svg", actions: {export: true, source: false, compiled: false, editor: false}});
"""


@cache
def _script(convert: Any) -> str:
    """Vega and what shows the picture, as one script: the same for all pictures."""
    return str(convert.javascript_bundle(SHOW))


def _import(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise UsageError(MISSING, "pip install 'icrc-korea[draw]'") from None


def draw(name: str, ask: Ask) -> Picture:
    """The picture of that name (one of PICTURES), drawn from what `ask` answers to catalogue questions."""
    if name not in PICTURES:
        raise UsageError(f"there is no picture {name!r}", "pictures: " + ", ".join(PICTURES))
    drawn = PICTURES[name](_import("altair"), ask)
    if not drawn.rows:
        raise UsageError(
            "there is nothing to draw: the questions behind the picture have no answer", "icrc-korea check"
        )
    return drawn


def write(picture: Picture, form: str, target: Path) -> list[Path]:
    """Writes the picture, and beside svg and png its text (.txt) and its rows (.csv); what was written."""
    from ..rdf.atomic import write_atomically

    files = {target: picture.serialise(form)}
    if form != "html":  # a page has both in itself
        files[target.with_suffix(".txt")] = picture.text.encode()
        files[target.with_suffix(".csv")] = picture.table().encode()
        for path in list(files)[1:]:  # beside a picture may lie what somebody else wrote
            if path.exists() and not _is_ours(path, files[path]):
                raise UsageError(
                    f"{path} is there already, and does not belong to this picture",
                    "give the picture another name with -o, or move that file",
                )
    for path, data in files.items():
        try:
            write_atomically(path, data)
        except OSError as error:
            reason = error.strerror or error
            raise LayoutError(
                f"{path} cannot be written: {reason}", "give -o a file in a folder you may write to"
            ) from None
    return list(files)


def _is_ours(path: Path, data: bytes) -> bool:
    """Whether a file begins as what would be written in its place: an earlier state of it."""
    try:
        with path.open("rb") as held:
            return held.readline() == data.partition(b"\n")[0] + b"\n"
    except OSError:
        return False


# --- timeline ------------------------------------------------------------------------------------------

FIRST, LAST = "1949-01-01", "1954-06-30"  # what the axis shows; what reaches beyond is cut, and said so


def _timeline(alt: Any, ask: Ask) -> Picture:
    bars: dict[str, Row] = {}
    for row in ask("chronology/timeline"):
        entry = bars.setdefault(
            str(row["what"]),
            {
                "what": row["what"], "label": row["label"], "kind": row["kind"], "date": row["date"] or "",
                "earliest": str(row["earliest"] or ""), "latest": str(row["latest"] or ""),
                "basis": _last(row["basis"]) or "not stated", "stated_in": [],
            },
        )  # fmt: skip
        entry["stated_in"].append(_last(row["stated_in"]))
    rows = sorted(bars.values(), key=lambda row: (row["earliest"] or row["latest"] or "9", row["latest"] or "9"))
    for row in rows:
        row["stated_in"] = " ".join(sorted(set(row["stated_in"])))
    drawn = []
    for place, row in enumerate(rows):
        open_from, open_to = row["earliest"] < FIRST, not row["latest"] or row["latest"] > LAST
        drawn.append(
            {
                **row,
                "place": place,
                "from": FIRST if open_from else row["earliest"],
                "to": LAST if open_to else row["latest"],
                "point": row["earliest"] == row["latest"] != "",
                "open_from": open_from,
                "open_to": open_to,
                "text": row["label"],
            }
        )
    dated = [row for row in drawn if row["earliest"] or row["latest"]]
    undated = [row for row in drawn if not (row["earliest"] or row["latest"])]
    order = [row["text"] for row in drawn]
    y = alt.Y(
        "text:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=520, labelPadding=14, ticks=False, domain=False, grid=True),
    )
    scale = alt.Scale(domain=[FIRST, LAST])
    x = alt.X("from:T", scale=scale, title=None, axis=alt.Axis(format="%Y", tickCount="year", orient="top"))
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=["message", "event"], range=[ORANGE, BLUE]), legend=alt.Legend(title=None)
    )
    tips = [alt.Tooltip(f"{name}:N") for name in ("label", "date", "basis", "stated_in")]
    dashes = alt.StrokeDash(
        "basis:N",
        scale=alt.Scale(domain=["stated", "inferred", "not stated"], range=[[1, 0], [4, 3], [1, 3]]),
        legend=None,
    )
    base = alt.Chart(alt.Data(values=dated))
    spans = base.transform_filter("!datum.point").mark_bar(height=9, fillOpacity=0.28, strokeWidth=1.5)
    spans = spans.encode(y=y, x=x, x2="to:T", color=colour, stroke=colour, strokeDash=dashes, tooltip=tips)
    points = base.transform_filter("datum.point").mark_point(filled=True, size=90, opacity=1)
    points = points.encode(y=y, x=x, color=colour, tooltip=tips)
    ends = base.transform_filter("datum.open_to").mark_text(text="▶", dx=5, size=10)
    ends = ends.encode(y=y, x=alt.X("to:T", scale=scale), color=colour)
    starts = base.transform_filter("datum.open_from").mark_text(text="◀", dx=-6, size=10)
    starts = starts.encode(y=y, x=alt.X("from:T", scale=scale), color=colour)
    none = alt.Chart(alt.Data(values=undated)).mark_text(text="no date in the guide", align="left", fontStyle="italic")
    none = none.encode(y=y, x=alt.X("from:T", scale=scale), color=alt.value(GREY))
    chart = (spans + points + ends + starts + none).properties(width=460, height=alt.Step(19))
    lines = [
        f"{row['label']}: {row['date'] or 'no date in the guide'}"
        + (f" ({row['basis']})" if row["basis"] != "not stated" else "")
        + f" [{row['stated_in']}]."
        for row in drawn
    ]
    about = (
        "A bar runs from the first possible day to the last, dashed where the date is inferred; "
        "a dot is a single day; arrows: no bound is given, or it lies beyond."
    )
    return Picture("When things happened, and how sure the date is", about, _dressed(alt, chart), lines, rows)


def _network(alt: Any, ask: Ask) -> Picture:
    messages: dict[tuple[str, str], Row] = {}
    for row in ask("network/messages-between-parties"):
        entry = messages.setdefault(
            (str(row["message"]), str(row["to"])),
            {
                "message": row["message"], "label": row["label"], "from": row["from_label"], "to": row["to_label"],
                "tie": RESPONSES.get(str(row["response"] or ""), "answered"), "date": row["date"] or "",
                "stated_in": [],
            },
        )  # fmt: skip
        entry["stated_in"].append(_last(row["stated_in"]))
    rows = list(messages.values())
    for row in ask("network/contested-ties"):
        side = "affirmed" if _last(row["polarity"]) == "positive" else "denied"
        rows.append(
            {
                "message": row["made_in"], "label": f"{row['tie_label']} ({side})", "from": row["from_label"],
                "to": row["to_label"], "tie": f"contested: {side}", "date": "", "stated_in": [_last(row["stated_in"])],
            }
        )  # fmt: skip
    for number, row in enumerate(rows, 1):
        row["stated_in"] = " ".join(sorted(set(row["stated_in"])))
        rows[number - 1] = {"number": number, **row}
    nodes = _circle(rows)
    lines, heads, numbers = _arrows(rows, nodes)
    ties = [*dict.fromkeys(RESPONSES.values()), "answered", "contested: affirmed", "contested: denied"]
    ties = [tie for tie in ties if any(row["tie"] == tie for row in rows)]
    dash = {"no answer, as the guide reports": [6, 4], "contested: denied": [2, 2]}
    hue = {"contested: affirmed": GREEN, "contested: denied": ORANGE, "no answer, as the guide reports": INK}
    colour = alt.Color(
        "tie:N", scale=alt.Scale(domain=ties, range=[hue.get(tie, BLUE) for tie in ties]),
        legend=alt.Legend(title=None, orient="bottom", direction="vertical", labelLimit=400, symbolSize=400,
                          symbolStrokeWidth=2.5),
    )  # fmt: skip
    stroke = alt.StrokeDash(
        "tie:N", scale=alt.Scale(domain=ties, range=[dash.get(tie, [1, 0]) for tie in ties]), legend=None
    )
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-1.75, 1.75], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-1.3, 1.3], nice=False))
    tips = [alt.Tooltip(f"{name}:N") for name in ("label", "date", "tie", "stated_in")]
    lined = alt.Chart(alt.Data(values=lines)).mark_line(strokeWidth=1.8)
    lined = lined.encode(x=x, y=y, color=colour, strokeDash=stroke, detail="number:N", order="step:Q", tooltip=tips)
    headed = alt.Chart(alt.Data(values=heads)).mark_point(shape="triangle", filled=True, size=110, opacity=1)
    headed = headed.encode(x=x, y=y, color=colour, angle=alt.Angle("turn:Q", scale=None), tooltip=tips)
    numbered = alt.Chart(alt.Data(values=numbers))
    discs = numbered.mark_circle(size=230, color="white", opacity=1).encode(x=x, y=y, tooltip=tips)
    figures = numbered.mark_text(size=11, color=INK).encode(x=x, y=y, text="number:N", tooltip=tips)
    named = alt.Chart(alt.Data(values=list(nodes.values())))
    circles = named.mark_circle(size=520, color=PAPER, stroke=INK, strokeWidth=1.5, opacity=1).encode(x=x, y=y)
    name_y = alt.Y("name_y:Q", scale=alt.Scale(domain=[-1.3, 1.3], nice=False), axis=None)
    names = [
        part.mark_text(size=13, fontWeight="bold", color=INK, **style).encode(x=x, y=name_y, text="name:N")
        for part, style in (
            (named.transform_filter("datum.x || datum.y"), {}),
            (named.transform_filter("!datum.x && !datum.y"), {"align": "left", "dx": 20}),
        )
    ]
    chart = alt.layer(lined, headed, discs, figures, circles, *names).properties(width=WIDE, height=600)
    said = [
        f"{row['number']}. {row['from']} → {row['to']}: {row['label']}"
        + (f", {row['date']}" if row["date"] else "") + f"; {row['tie']} [{row['stated_in']}]."
        for row in rows
    ]  # fmt: skip
    title = "Who wrote to whom in the guide, and what is contested between them"
    about = "Each number is a message or a claim of the table; ministers and governments stand for their states."
    return Picture(title, about, _dressed(alt, chart), said, rows)


def _circle(rows: list[Row]) -> dict[str, Row]:
    """A place for each party: the one with most ties in the middle, the others around it, those tied side by side."""
    ties: dict[str, int] = {}
    for row in rows:
        for end in ("from", "to"):
            ties[row[end]] = ties.get(row[end], 0) + 1
    first, *others = sorted(ties, key=lambda name: (-ties[name], name)) or [""]
    around: list[str] = []
    for name in others:
        beside = [row["to"] for row in rows if row["from"] == name] + [row["from"] for row in rows if row["to"] == name]
        around += [other for other in (name, *dict.fromkeys(beside)) if other != first and other not in around]
    nodes = {first: {"name": first, "x": 0.0, "y": 0.0, "name_y": 0.0}}
    for place, name in enumerate(around):
        angle = math.tau * place / len(others) + math.pi / 2
        x, y = round(1.35 * math.cos(angle), 3), round(math.sin(angle), 3)
        nodes[name] = {"name": name, "x": x, "y": y, "name_y": round(y + (0.13 if y > -0.1 else -0.13), 3)}
    return nodes


def _arrows(rows: list[Row], nodes: dict[str, Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Points of bent lines, arrow heads and places for numbers; what joins the same two parties fans out."""
    pairs: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        pairs.setdefault(frozenset((row["from"], row["to"])), []).append(row)
    lines, heads, numbers = [], [], []
    for group in pairs.values():
        for place, row in enumerate(group):
            start, end = nodes[row["from"]], nodes[row["to"]]
            bend = (place - (len(group) - 1) / 2) * 0.2
            if sorted((row["from"], row["to"]))[0] != row["from"]:
                bend = -bend  # else arrows there and back would lie on each other
            dx, dy = end["x"] - start["x"], end["y"] - start["y"]
            middle = ((start["x"] + end["x"]) / 2 - bend * dy, (start["y"] + end["y"]) / 2 + bend * dx)

            def at(
                t: float, start: Row = start, end: Row = end, middle: tuple[float, float] = middle
            ) -> tuple[float, float]:
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                return (
                    a * start["x"] + b * middle[0] + c * end["x"],
                    a * start["y"] + b * middle[1] + c * end["y"],
                )

            shown = {key: row[key] for key in ("number", "label", "date", "tie", "stated_in")}
            stop = 0.90
            for step in range(25):
                x, y = at(0.06 + (stop - 0.06) * step / 24)
                lines.append({**shown, "x": x, "y": y, "step": step})
            (x0, y0), (x1, y1) = at(stop - 0.03), at(stop)
            # pixels, not units: the two axes have other scales
            turn = math.degrees(math.atan2((x1 - x0) * WIDE / 3.5, (y1 - y0) * 600 / 2.6))
            heads.append({**shown, "x": x1, "y": y1, "turn": turn})
            x, y = at(0.44 + 0.08 * (place % 3))  # not side by side where lines are close
            numbers.append({**shown, "x": x, "y": y})
    return lines, heads, numbers


def _map(alt: Any, ask: Ask) -> Picture:
    rows = [dict(row) for row in ask("places/with-coordinates")]
    land = json.loads(Path(__file__).with_name("coast.json").read_text(encoding="utf-8"))
    for row in rows:
        row["latitude"], row["longitude"] = float(row["latitude"]), float(row["longitude"])
        row["named"] = f"{row['label']} ({row['sentences']})"
    near = [row for row in rows if 118 <= row["longitude"] <= 143 and 30.5 <= row["latitude"] <= 44.5]
    far = [row for row in rows if row not in near]
    wide = _panel(alt, land["far"], far, "From Geneva to Korea", (WIDE, 330), ([-10, 10], [150, 60]))
    close = _panel(alt, land["near"], near, "Korea and Japan", (WIDE, 470), ([121, 32.5], [141, 43]))
    chart = alt.vconcat(close, wide)
    said = [
        f"{row['label']}: {row['latitude']:.2f} north, {row['longitude']:.2f} east; "
        f"{row['sentences']} sentence{'' if row['sentences'] == 1 else 's'} of the guide; "
        f"coordinates from {row['source']}."
        for row in rows
    ]
    note = (
        "The figure in brackets counts sentences of the guide. Coordinates are not the guide's. "
        "Land: Natural Earth, without borders."
    )
    table = [{key: row[key] for key in row if key != "named"} for row in rows]
    return Picture("Places of the guide that can be put on a map", note, _dressed(alt, chart), said, table)


def _panel(
    alt: Any, land: Row, rows: list[Row], title: str, size: tuple[int, int], corners: tuple[list[float], list[float]]
) -> Any:
    """A map of the land between two corners, with named dots; names take turns beside and above their dots."""
    frame = {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPoint", "coordinates": list(corners)}}
    ground = alt.Chart(alt.Data(values=[{"type": "Feature", "properties": {}, "geometry": land}]))
    shapes = ground.mark_geoshape(fill="#E4DFD3", stroke="#A79F8C", strokeWidth=0.6, clip=True)
    dots = alt.Chart(alt.Data(values=rows)).mark_circle(color=BLUE, stroke="white", opacity=1)
    tips = [alt.Tooltip(f"{name}:N") for name in ("label", "sentences", "source")]
    dots = dots.encode(
        longitude="longitude:Q", latitude="latitude:Q", tooltip=tips,
        size=alt.Size("sentences:Q", scale=alt.Scale(domain=[0, 4], range=[60, 260]), legend=None),
    )  # fmt: skip
    layers = [shapes, dots]
    for side, chosen in enumerate(_sides(rows)):
        if chosen:
            place = {"align": "left", "dx": 11} if side == 0 else {"align": "right", "dx": -11}
            text = alt.Chart(alt.Data(values=chosen)).mark_text(size=13, color=INK, **place)
            layers.append(text.encode(longitude="longitude:Q", latitude="latitude:Q", text="named:N"))
    chart = alt.layer(*layers).project(type="mercator", fit=frame, clipExtent=[[0, 0], list(size)])
    return chart.properties(width=size[0], height=size[1], title=alt.TitleParams(title, anchor="start", fontSize=13))


def _sides(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Names to the right and to the left of their dots, so that two close dots do not share a side."""
    right: list[Row] = []
    left: list[Row] = []
    for row in sorted(rows, key=lambda row: -row["longitude"]):
        crowded = any(
            abs(other["latitude"] - row["latitude"]) < 0.7 and other["longitude"] - row["longitude"] < 8
            for other in right
        )
        (left if crowded else right).append(row)
    return right, left


def _sources(alt: Any, ask: Ask) -> Picture:
    found: dict[str, Row] = {}
    for row in ask("sources/years-and-access"):
        entry = found.setdefault(
            str(row["source"]),
            {
                "source": row["source"], "label": row["label"], "from": row["from"] or "", "to": row["to"] or "",
                "depth": _last(row["depth"]) or "not said",
                "access": _last(row["access"]) or "the guide does not say",
                "stated_in": [],
            },
        )  # fmt: skip
        entry["stated_in"].append(_last(row["stated_in"]))
    rows = list(found.values())
    for row in rows:
        row["stated_in"] = " ".join(sorted(set(row["stated_in"])))
    drawn = [
        {**row, "begin": f"{row['from']}-01-01", "end": f"{row['to']}-12-31",
         "note": "" if row["depth"] == "not said" else row["depth"]}
        for row in rows if row["from"]
    ]  # fmt: skip
    scale = alt.Scale(domain=["1945-01-01", "1956-01-01"])
    y = alt.Y("label:N", sort=[row["label"] for row in rows], title=None, axis=alt.Axis(labelLimit=400, ticks=False))
    hues = {"online": GREEN, "by-appointment": ORANGE, "the guide does not say": "#B9B3A4"}
    access = [name for name in hues if any(row["access"] == name for row in rows)]
    colour = alt.Color(
        "access:N", scale=alt.Scale(domain=access, range=[hues[name] for name in access]),
        legend=alt.Legend(title="how to read it", orient="bottom"),
    )  # fmt: skip
    base = alt.Chart(alt.Data(values=drawn)).encode(y=y)
    bars = base.mark_bar(height=16).encode(
        x=alt.X("begin:T", scale=scale, title=None, axis=alt.Axis(format="%Y", tickCount="year", orient="top")),
        x2="end:T", color=colour,
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("label", "from", "to", "access", "depth", "stated_in")],
    )  # fmt: skip
    notes = base.mark_text(align="left", dx=5, color=INK).encode(x=alt.X("end:T", scale=scale), text="note:N")
    rest = alt.Chart(alt.Data(values=[{**row, "begin": "1945-03-01"} for row in rows if not row["from"]]))
    rest = rest.mark_text(align="left", fontWeight="bold").encode(
        y=y, x=alt.X("begin:T", scale=scale), color=colour, text=alt.value("● no years given")
    )  # fmt: skip
    chart = (bars + notes + rest).properties(width=460, height=alt.Step(28))
    said = [
        f"{row['label']}: {row['from'] or 'no years given'}" + (f" to {row['to']}" if row["to"] != row["from"] else "")
        + (f"; treats the war: {row['depth']}" if row["depth"] != "not said" else "")
        + f"; access: {row['access']} [{row['stated_in']}]."
        for row in rows
    ]  # fmt: skip
    note = "A bar is the years that a source covers; beside it how fully it treats the war, where the guide says so."
    return Picture("Sources by the years they cover and how they can be read", note, _dressed(alt, chart), said, rows)


def _last(term: Any) -> str:
    """The last part of a CURIE, as a picture shows it."""
    return str(term or "").rpartition(":")[2]


def _title(text: str, about: str) -> Row:
    from textwrap import wrap

    return {"text": text, "subtitle": wrap(about, 110), "anchor": "start", "fontSize": 16, "offset": 14}


def _dressed(alt: Any, chart: Any) -> Any:
    return (
        chart.configure(font=FONT, background="white", padding=16)
        .configure_view(stroke=None)
        .configure_axis(labelColor=INK, gridColor="#E6E2D8", labelFontSize=12)
        .configure_legend(labelFontSize=12)
    )


PICTURES: dict[str, Callable[[Any, Ask], Picture]] = {
    "timeline": _timeline,
    "network": _network,
    "map": _map,
    "sources": _sources,
}
