"""Links things to Wikidata or other catalogues, by judgements of people."""
