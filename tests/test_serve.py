"""The service answers SPARQL, things and questions as the standards say, and says what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from service import Service, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving("--time-limit", "5") as running:
        yield running


def test_a_query_is_answered(service: Service) -> None:
    answer = service.sparql("ASK { ?s kw:sender ?o }")
    assert answer.status_code == 200
    assert answer.json()["boolean"] is True


def test_a_thing_comes_with_the_claims_and_sentences_behind_it(service: Service) -> None:
    said = service.client.get("/id/person/paul-ruegger", headers={"accept": "text/turtle"}).text
    assert "person:paul-ruegger a kw:Person" in said
    assert "kw:Claim" in said
    assert "kw:deepLink" in said


def test_a_query_without_end_is_ended_and_the_next_is_answered(service: Service) -> None:
    hostile = service.sparql("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    assert hostile.status_code == 503
    assert hostile.json()["limit"] == "time"
    assert service.sparql("ASK {}").json()["boolean"] is True
