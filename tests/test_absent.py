"""What must not be in the graph is not there: each file of cases/absent asks for it and must find nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import icrc_korea

CASES = sorted((Path(__file__).parent / "cases" / "absent").glob("*.rq"))
# For some of the cases a triple that, if it stood there, would be found: so that a case cannot be blind.
PLANTED = {
    "author-of-the-yalta-volume": "book:from-yalta-to-dien-bien-phu dct:creator person:andre-durand",
    "ratification-by-either-party": "legal-status:x kw:party state:rok ; kw:legalStatus <https://w3id.org/icrc-korea/vocab/legal-ratified>",
    "reply-from-the-dprk": "communication:x kw:replyTo communication:telegram-1950-06-26-dprk",
    "reply-marked-as-reported": "communication:x kw:responseStatus response:reported",
    "place-around-hong-kong": "place:hong-kong kw:within place:china",
    "koje-do-inside-a-state": "place:koje-do kw:within place:rok",
    "date-of-resolution-84": "event:adoption-unsc-84 kw:when timespan:1950-06-25",
    "date-of-the-armistice": "event:armistice-negotiations kw:latest '1953-07-27'^^xsd:date",
    "end-of-the-war": "event:korean-war kw:latest '1953-07-27'^^xsd:date",
    "compliance-of-the-dprk-as-fact": "armed-force:dprk-armed-forces kw:compliesWith instrument:third-geneva-convention",
    "agreement-of-the-chinese-red-cross-as-fact": "organisation:chinese-red-cross kw:agreedToActFor organisation:icrc",
    "perception-as-fact": "organisation:icrc kw:perceivedAs topic:western",
    "pak-as-the-unnamed-minister": "communication:dprk-message-to-unsg kw:sender person:pak-heun-young",
    "arrival-of-relayed-messages": "communication-set:relayed-messages-to-dprk kw:addressee state:dprk",
    "authoriser-of-the-flight": "absence:no-authorisation-to-proceed kw:expectedFrom state:china",
    "agent-of-the-reclassification": "event:reclassification-1951 kw:carriedOutBy organisation:unc",
    "speaker-of-the-oral-assurances": "communication:chinese-red-cross-oral-assurances kw:sender organisation:chinese-red-cross",
    "silence-of-1952-as-non-reply": "absence:x kw:absenceConcerns communication:telegram-1952-11-24",
    "rok-telegram-as-unanswered": "communication:telegram-1950-06-26-rok a kw:UnansweredCommunication",
    "korea-of-the-telegram-as-a-state": "legal-status:korea-geneva-conventions-telegram kw:party state:rok",
    "misspelt-name-as-a-name-of-the-icrc": "organisation:icrc skos:altLabel 'International Committee Redcross'@en",
    "misprint-as-an-ordinary-name": "state:dprk skos:altLabel 'DPKR'@en",
    "reports-of-1952-and-1953-misnumbered": "report:icrc-1953 kw:volumeNumber 3",
    "identity-with-things-elsewhere": "person:syngman-rhee owl:sameAs wd:Q171684",
    "author-of-the-guide": "guide:icrc-korean-war dct:creator organisation:icrc",
    "invented-tenure-dates": "tenure:pak-heun-young-foreign-minister kw:attestedAt timespan:1950-06-26",
    "original-among-the-identical-telegrams": "communication:telegram-1950-06-26-rok kw:follows communication:telegram-1950-06-26-dprk",
    "outside-knowledge-in-a-sentence": "claim:x kw:statedIn passage:P41.s1 ; kw:basis basis:external",
}


@pytest.fixture(scope="module")
def graph() -> icrc_korea.KnowledgeGraph:
    return icrc_korea.load()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_is_not_in_the_graph(case: Path, graph: icrc_korea.KnowledgeGraph) -> None:
    assert not graph.query(case.read_text(encoding="utf-8")), f"{case.stem} is in the graph"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_it_would_be_found(case: Path, graph: icrc_korea.KnowledgeGraph) -> None:
    """The same question over the planted triple alone must say yes."""
    import pyoxigraph as ox

    turtle = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in graph.layout.prefixes.items())
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in graph.layout.prefixes.items())
    store = ox.Store()
    store.load(f"{turtle}{PLANTED[case.stem]} .".encode(), format=ox.RdfFormat.TURTLE)
    assert store.query(prefixes + case.read_text(encoding="utf-8"))
