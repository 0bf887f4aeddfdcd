"""docs/rules.md lists every rule and says which constraints of the model it holds; none is left out, none is stale.

`python tests/test_rules.py` writes the page anew.
"""

from __future__ import annotations

from pathlib import Path

from rdflib import RDF, SH, Graph, URIRef

from icrc_korea.asking import questions
from icrc_korea.checking.check import RULES
from icrc_korea.content.layout import QUALITY, Layout
from icrc_korea.rdf.reading import read_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rules.md"
LAYOUT = Layout.find(ROOT)
# The constraints S1 to S70 of the catalogue that the model began with, and what holds each.
HELD = {
    1: "shape:Thing-class shape:Thing-kind quality/thing-of-no-class",
    2: "shape:Thing-name shape:Named-english shape:Concept-name shape:ConceptScheme-name",
    3: "shape:Named-languages literal",
    4: "shape:Named-otherNames",
    5: "quality/same-name",
    6: "shape:Thing shape:Claim shape:TextSpan quality/name-of-another-class",
    7: "blank-node",
    8: "dangling",
    9: "dangling quality/property-unknown quality/property-of-another-class quality/consequence-of-another-class",
    10: "shape:Communication",
    11: "shape:CommunicationAddressed",
    12: "quality/value-of-another-class quality/consequence-of-another-class",
    13: "shape:Communication-otherParty",
    14: "shape:Communication-medium shape:Communication-speechAct quality/concept-of-another-scheme",
    15: "quality/early-answer",
    16: "quality/answer-of-a-third-party",
    17: "quality/relay-by-another quality/early-answer",
    18: "quality/identical-yet-different",
    19: "quality/response-without-ground",
    20: "quality/unanswered-and-answered",
    21: "shape:Claim-subject shape:Claim-predicate shape:Claim-object dangling quality/property-unknown",
    22: "quality/accepted-claim-not-stated",
    23: "quality/contested-statement-as-fact",
    24: "fact-in-description subject",
    25: "shape:Claim-statedIn graph-name evidence",
    26: "shape:Claim-polarity shape:Claim-certainty shape:Claim-status mixed-certainty",
    27: "shape:Claim-conflict shape:Claim-conflictBack quality/conflict-unexplained quality/conflict-not-contested",
    28: "shape:Claim-speaker",
    29: "shape:Claim-note",
    30: "shape:Claim-source fact-in-description graph-name",
    31: "shape:Claim-hedge quality/quote-too-long",
    32: "shape:Passage-number shape:Passage-line shape:TextSpan-digest shape:TextSpan-selector anchor",
    33: "anchor guide-text",
    34: "shape:Footnote-anchor",
    35: "shape:Passage-claim",
    36: "shape:TimeSpan-edtf shape:TimeSpan-earliest shape:TimeSpan-latest shape:TimeSpan-basis date",
    37: "shape:TimeSpan-edtf",
    38: "quality/bounds-of-its-own",
    39: "quality/outside-the-war",
    40: "shape:RelativeTimeSpan shape:RelativeTimeSpan-event shape:RelativeTimeSpan-offset",
    41: "quality/part-outside-its-event",
    42: "quality/effect-before-its-cause quality/answer-or-cause-of-itself",
    43: "shape:Tenure shape:Tenure-holder shape:Tenure-office shape:Tenure-term",
    44: "quality/two-holders-at-once",
    45: "quality/capacity-outside-its-tenure",
    46: "shape:InstrumentStatus-party shape:InstrumentStatus-oneParty shape:InstrumentStatus-instrument "
    "shape:InstrumentStatus-status",
    47: "shape:InstrumentStatus-status quality/ratification",
    48: "shape:Provision-instrument",
    49: "shape:Reclassification-from shape:Reclassification-to shape:Reclassification-quantity "
    "shape:Reclassification-ground",
    50: "shape:Quantity-number shape:Quantity-unit shape:Quantity-qualifier shape:Quantity-asExpressed",
    51: "shape:Money-currency quality/value-of-another-class",
    52: "shape:ReliefDelivery-giver shape:ReliefDelivery-receiver shape:ReliefDelivery-goods "
    "shape:ReliefDelivery-value",
    53: "shape:ReportedAbsence-concerns shape:ReportedAbsence-expectedKind",
    54: "shape:ArchivalRecord-shelfMark shape:ArchivalRecord-heldBy quality/record-without-access",
    55: "quality/shelf-mark-used-twice",
    56: "shape:NewsRelease-identifier",
    57: "quality/volume-number-used-twice quality/volume-beyond-the-last",
    58: "quality/part-of-itself",
    59: "shape:Book-noPlainCreator",
    60: "shape:Link-address shape:Link-wikidata",
    61: "shape:Link-oneExact quality/link-used-twice",
    62: "shape:LinkSame-foreign",
    63: "quality/link-without-justification",
    64: "quality/place-without-sentence quality/part-of-itself",
    65: "shape:Photograph shape:Photograph-rights shape:Photograph-depicts",
    66: "shape:Concept-scheme shape:Concept-name shape:Concept-definition shape:ConceptScheme-definition "
    "quality/concept-within-itself",
    67: "shape:Term-ontology shape:Term-label shape:Term-definition shape:Class shape:Class-meaning "
    "shape:Property-ontology shape:Property-domain shape:Property-range",
    68: "quality/quote-too-long",
    69: "quality/name-in-english-only",
    70: "quality/answer-not-mentioned",
}
# where the model asked for more than the rules do, and why they do not
WEAKER = {
    14: "A message has one medium at most: the guide gives none for the letter to Pak, Rhee’s announcement, the DPRK’s "
    "message to the United Nations and the Chinese Red Cross’s refusal, and a silence is no fault.",
    39: "A year stands for all its days, so that what happened in 1950 may have been before or after 25 June. Three "
    "events that rightly lie outside are listed in the query.",
    40: "A date that is stated as well as reckoned (26 June 1950, the day after) stays a stated one.",
    41: "A part of an event is told only if none of it can lie within: the bounds of a month or an approximate date "
    "are wider than what happened in it, so that they reach beyond a shorter event without contradicting it.",
    43: "A tenure of which the guide gives no date says so with kw:notStated kw:attestedAt.",
}
WARNINGS, NOTES = {4, 5, 16, 31, 39, 41, 44, 45, 63, 67}, {69, 70}
HEAD = """# Rules

What `icrc-korea check` asks of the files, rule by rule. A **violation** makes the command fail (exit code 1);
a **warning** is told and does not; a **note** is shown with `--notes`. One rule alone:
`icrc-korea check --only RULE`. How a rule is broken, and how it is just kept, is shown by the cases in
`tests/cases/shapes/` and `tests/cases/check/`. S1 to S70 are the constraints with which the model began.

Written by `python tests/test_rules.py` from the rules themselves.
"""


def shape_rules() -> dict[str, tuple[str, str, str]]:
    """The named shapes that a report can name: file, severity, what to write."""
    found = {}
    for path in LAYOUT.shapes():
        graph = Graph().parse(path)
        for shape in graph.subjects(SH.message, None):
            if isinstance(shape, URIRef):
                text = next(str(m) for m in graph.objects(shape, SH.message) if getattr(m, "language", "") == "en")
                level = str(graph.value(shape, SH.severity) or SH.Violation).rpartition("#")[2].lower()
                kind = {"info": "note"}.get(level, level)
                found[LAYOUT.shrink(str(shape))] = (f"shapes/{path.name}", kind, text)
    return found


def query_rules() -> dict[str, tuple[str, str, str]]:
    found = {}
    for name, path in LAYOUT.queries():
        if name.startswith(QUALITY):
            question = questions.read(name, read_text(path, name), LAYOUT)
            severity = {"info": "note"}.get(question.severity, question.severity)
            found[name] = (f"queries/{name}.rq", severity, f"{question.asks('en')} {question.remedy('en')}")
    return found


def code_rules() -> dict[str, tuple[str, str, str]]:
    """The rules that neither a shape nor a query can say; `shapes` also stands for what is wrong with shapes."""
    return {
        name: ("src/icrc_korea/checking/check.py", "violation", f"Finds {text}.")
        for name, text in RULES.items()
        if name != "quality"
    }


def all_rules() -> dict[str, tuple[str, str, str]]:
    return {**code_rules(), **shape_rules(), **query_rules()}


def page() -> str:
    lines = [HEAD, "| rule | severity | what it asks | holds | stands in |", "| --- | --- | --- | --- | --- |"]
    holds = {rule: [f"S{n}" for n, rules in HELD.items() if rule in rules.split()] for rule in all_rules()}
    for rule, (place, severity, text) in all_rules().items():
        shown = text.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{rule}` | {severity} | {shown} | {' '.join(holds[rule])} | `{place}` |")
    lines += ["", "## Where a rule asks less than the model did", ""]
    lines += [f"- S{number}: {why}" for number, why in WEAKER.items()]
    return "\n".join(lines) + "\n"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python tests/test_rules.py"


def test_every_constraint_of_the_model_is_held_by_rules_that_exist() -> None:
    assert sorted(HELD) == list(range(1, 71))
    named = {rule for rules in HELD.values() for rule in rules.split()}
    assert named - set(all_rules()) == set()


def test_a_constraint_is_as_severe_as_the_model_says() -> None:
    rules = all_rules()
    for number, names in HELD.items():
        wanted = "note" if number in NOTES else "warning" if number in WARNINGS else "violation"
        assert wanted in {rules[name][1] for name in names.split()}, f"S{number} should be a {wanted}"


def test_every_named_shape_with_a_target_or_a_constraint_can_be_told() -> None:
    """A property shape that another shape points to must say what to write, or a report could not."""
    told = shape_rules()
    for path in LAYOUT.shapes():
        graph = Graph().parse(path)
        for shape in set(graph.objects(None, SH.property)):
            assert isinstance(shape, URIRef), f"a rule without a name in {path.name}"
            assert LAYOUT.shrink(str(shape)) in told, shape
        assert (None, RDF.type, None) in graph


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
