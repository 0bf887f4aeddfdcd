"""Tells which classes of Wikidata our kinds of things correspond to."""

from __future__ import annotations

HUMAN = "Q5"
# What Wikidata calls things of our classes. A class that is not here says nothing either way.
KINDS = {
    "Person": {HUMAN},
    "Organisation": {"Q43229", "Q484652", "Q245065", "Q163740", "Q79913", "Q327333", "Q1968122"},
    "Government": {"Q7188", "Q43229"},
    "State": {"Q3624078", "Q6256", "Q7275", "Q3024240"},
    "Office": {"Q294414", "Q4164871"},
    "Place": {"Q515", "Q486972", "Q82794", "Q5119", "Q1549591", "Q23442", "Q3624078", "Q6256"},
    "ArmedConflict": {"Q198"},
    "LegalInstrument": {"Q131569", "Q6934728"},
    "Resolution": {"Q877358"},
    "Book": {"Q571"},
    "Periodical": {"Q1002697"},
    "PublicationSeries": {"Q277759"},
}
