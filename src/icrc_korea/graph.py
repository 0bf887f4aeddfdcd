"""Gives one object for all that the verbs of the command do: the face of the package."""

from __future__ import annotations

from functools import cached_property

from .asking.questions import APART, Question, find, index, read
from .content.layout import Layout
from .dataset import build, things
from .dataset.facts import ABOUT_CLAIMS, Claim, Facts, Thing, Why, tally
from .dataset.names import Names, written_name
from .errors import QueryError, UnknownTerm, UsageError, nearest, path_of, shown, text_of
from .rdf.spaces import BASE
from .rdf.sparql import Tokens, guarded
from .rdf.store import Store, standalone
from .rdf.terms import TYPE, Literal, NamedNode, Quad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import IO, Any, TypeVar

    import rdflib

    from .checking.report import Report
    from .content.anchoring import Anchored
    from .dataset.build import Built, Dataset, Tell
    from .dataset.citing import Citation
    from .linking.conflicts import Row
    from .linking.enrichment import Enriched
    from .linking.giving.forms import Contribution
    from .linking.scoring import Candidate
    from .matching.matcher import Match, Matcher
    from .matching.search import Found, Search
    from .matching.tables import Table
    from .publishing.export import Choice
    from .publishing.pictures import Picture
    from .rdf.answer import Answer, Asked
    from .rdf.terms import Term
    from .reasoning.proofs import Explainer, Proof
    from .stores.inference import Closure
    from .stores.spool import Spool
    from .workers.limits import Limits
    T = TypeVar("T")

def is_address(store: str) -> bool:
    """Whether a store is somewhere else; `localhost:3030` and `name:password@host` are slips in an address."""
    host, _, rest = store.rpartition("@")[2].partition(":")
    return "://" in store or ":" in store.rpartition("@")[0] or ("/" not in host and rest[:1].isdigit())


class KnowledgeGraph:
    """The graph of one folder: built when needed, immutable once loaded; or the same in a service that asks SPARQL."""

    def __init__(
        self, root: str | Path | None = None, tell: Tell | None = None, store: str | Path | None = None,
        sources: str | Iterable[str] = "",
    ) -> None:
        """`store` is asked instead of the files: the folder of a store on disk, or the address of a SPARQL service.

        With names of `sources` (`"guide,unsc"`, or a list) it holds only what these say, and what follows from that.
        """
        self.layout = Layout.find(None if root is None else path_of(root), sources)
        if store and self.layout.chosen:
            raise UsageError("a store holds what was put into it, whatever the sources that are named now",
                             "leave out --store, or build a store with --sources and ask it without")  # fmt: skip
        self.store = store if store is None or isinstance(store, str) else path_of(store)
        self._tell: Tell = tell or (lambda *_: None)
        self._built: Dataset | None = None
        self._facts: Facts | None = None
        self._names: Names | None = None
        self._matcher: Matcher | None = None
        self._search: Search | None = None

    # --- the dataset ---

    @property
    def built(self) -> Dataset:
        """The dataset that is asked: a store's, else the built one, made anew first if the files have changed."""
        if self._built is None and self.store and is_address(str(self.store)):
            from .stores.remote import Remote

            self._built = Remote(str(self.store), self.layout, self._tell)
        elif self._built is None and self.store:
            from pathlib import Path

            from .dataset.disk import open_store

            self._built = open_store(Path(self.store), self.layout)
        elif self._built is None:
            self._built = build.ensure(self.layout, self._tell)
        return self._built

    def take(self, built: Dataset) -> None:
        """Asks this dataset from now on."""
        self.layout = built.layout
        self._built, self._facts, self._names, self._matcher, self._search = built, None, None, None, None

    def build(
        self, reasoner: str = "rules", *, time_limit: float | None = None, memory_limit: int | str | None = None
    ) -> Built:
        """Makes the dataset anew whatever is there; `reasoner` is `rules`, or `owlrl` for the reference.

        What infers may take 600 s and 4G, or what is given; LimitReached names the rule that was asked at the limit.
        """
        from .dataset.limited import RULES

        built = build.make(self.layout, self._tell, reasoner, RULES.but(time_limit, memory_limit))
        self._built, self._facts, self._names, self._matcher, self._search = built, None, None, None, None
        return built

    def build_store(
        self, folder: Path, files: Iterable[Path] = (), *, base: str = "", leave_out: bool = False
    ) -> dict[str, Any]:
        """Puts the dataset, or RDF files instead of it, into a store on disk; gives what the store holds.

        `base` is what relative IRIs of the files are relative to; `leave_out` drops statements with IRIs that are none.
        """
        from .dataset.disk import make
        from .rdf.reading import Reading

        built = build.ensure(self.layout, self._tell)
        if not built.is_whole():
            built = self.build()
        return make(folder, built, files, self._tell, Reading(base, leave_out))

    def _slice(self, predicates: set[str] | None) -> Asked:
        try:
            return self.built.slice(predicates)
        except build.Damaged:
            return self.build().slice(predicates)

    @property
    def facts(self) -> Facts:
        """The whole dataset in memory."""
        if self._facts is None:
            try:
                self._facts = Facts(self.built)
            except build.Damaged:
                self._facts = Facts(self.build())
        return self._facts

    # --- asking ---

    def questions(self) -> list[Question]:
        """The questions of the catalogue: those for people.

        >>> import icrc_korea
        >>> {question.topic for question in icrc_korea.load().questions()} >= {"absence", "law", "people"}
        True
        """
        return [question for question in self.every_question() if question.topic not in APART]

    def every_question(self) -> list[Question]:
        """Every query file: also rules of inference, queries that must find no fault, and federated questions."""
        return self.built.questions()

    def __repr__(self) -> str:
        return f"<KnowledgeGraph of {self.layout.root}{f', asked at {self.store}' if self.store else ''}>"

    def _repr_html_(self) -> str:
        """Where the graph is and how much it holds, for a notebook."""
        from html import escape

        from .rdf.answer import html_table

        sizes = self.built.sizes()
        rows = [["different statements", f"{sizes.get('', 0):,}"], ["named graphs", f"{len(sizes) - ('' in sizes):,}"],
                ["questions", f"{len(self.questions()):,}"]]  # fmt: skip
        return f"<p>{escape(repr(self))}</p>" + html_table(("it holds", "number"), rows)

    def question(self, name: str) -> Question:
        """One question with its text; UnknownQuery offers the nearest names."""
        question = find(text_of(name, "name of a question", "`graph.questions()` lists them"), self.every_question())
        path = self.layout.root / self.layout.file_of_query(question.id)
        question.text = path.read_text(encoding="utf-8-sig")
        return question

    def run(
        self, name: str, *, time_limit: float | None = None, memory_limit: int | str | None = None,
        row_limit: int | None = None, **params: Term | str,
    ) -> Answer:  # fmt: skip
        """Asks a question of the catalogue; the limits are those of `query`."""
        return self.ask_question(self.question(name), params, _limits(time_limit, memory_limit, row_limit))

    def ask_question(
        self, question: Question, params: dict[str, Term | str], limits: Limits | None = None
    ) -> Answer:
        """Asks a question with parameters, each a term or its text; within limits, if some are given."""
        bindings = question.bind(params, self.resolve, self.layout)
        if bindings and _is_construct(question.text):
            raise QueryError("a CONSTRUCT query takes no parameters", "write the values into the query")
        shown = [name for name in question.columns if name in bindings]
        ours = question.id in {known.id for known in self.every_question()}
        return self._ask(question.text, bindings, shown, ours, limits)

    def read_query(self, text: str, name: str) -> Question:
        """A question from a query text of one's own."""
        return read(name, text, self.layout, file=name)

    def query(
        self, text: str, *, time_limit: float | None = None, memory_limit: int | str | None = None,
        row_limit: int | None = None,
    ) -> Answer:  # fmt: skip
        """Answers any SPARQL query: SELECT, ASK, CONSTRUCT or DESCRIBE.

        With any of the limits (seconds; bytes or a text such as "512M"; rows) it is asked in a process of its own that
        is ended there, and LimitReached says which limit it was; those not given are 300 s, 4G and a million rows.
        """
        return self._ask(text, {}, [], limits=_limits(time_limit, memory_limit, row_limit))

    select = ask = construct = query

    def ask_with(self, text: str, quads: Iterable[Quad]) -> Answer:
        """Answers a query over the merged graph and further triples, which are forgotten afterwards."""
        store = Store.of(self._slice(None).match(), self.layout)  # a copy: what is asked of may lie on disk
        store.extend(quads)
        return store.query(text)

    def _ask(
        self, text: str, bindings: dict[str, Term], shown: list[str], ours: bool = False, limits: Limits | None = None
    ) -> Answer:
        tokens = guarded(text_of(text, "query", "give SPARQL as a text"))  # before anything is parsed
        if tokens.uses_graphs():
            try:
                store = self.built.whole()
            except build.Damaged:
                store = self.build().whole()
        else:
            # only the catalogue's own questions, whose answers are tested both ways, are asked of a slice
            store = self._slice(tokens.predicates(self.layout.prefixes) if ours else None)
        if limits is None:
            answer = store.query(text, bindings, shown)
        else:
            answer = self._within(limits, store, text, bindings, shown)
        if not ours:
            from .asking.hints import hints

            answer.hints = hints(tokens, store, self.layout)
        return answer

    def _within(
        self, limits: Limits, store: Asked, text: str, bindings: dict[str, Term], shown: list[str]
    ) -> Answer:
        from .dataset.answering import answered

        if not isinstance(store, Store):
            raise UsageError("limits hold for what is asked on this machine, and this store is elsewhere",
                             "leave the limits out: a service has its own")  # fmt: skip
        settings = {"root": str(self.layout.root), "store": str(self.store) if self.store else None,
                    "sources": list(self.layout.chosen)}
        return answered(store, text, bindings, shown, limits, settings)

    # --- what an answer rests on ---

    def explain(self, question: Question | str, params: dict[str, Term | str] | None = None) -> str:
        """The query of a question, or of one of that name, as any store takes it: parameters in a VALUES line."""
        asked = question if isinstance(question, Question) else self.question(question)
        return standalone(asked.body(), asked.bind(params or {}, self.resolve, self.layout), self.layout)

    def marks(self, answer: Answer, text: str) -> list[str]:
        """What sets each row of an answer apart (contested, inferred …); empty if nothing does."""
        from .asking.evidence import marks

        return marks(answer, text, self._slice, self.built.infers)

    def with_sources(self, answer: Answer, text: str) -> Answer:
        """The answer with the sentence, link, certainty and status of what each row states."""
        from .asking.evidence import with_sources

        return with_sources(answer, text, self._slice)

    def describe(self, term: str | NamedNode) -> rdflib.Graph:
        """What is said of and with a thing, and the claims that say so, as an rdflib.Graph."""
        from .rdf.exchange import rdflib_graph

        node, facts = NamedNode(self.resolve(term)), self.facts
        triples: list[tuple[Any, Any, Any]] = [(node, p, o) for p, o in facts.out.get(node, {})]
        triples += [(s, p, node) for s, p in facts.into.get(node, {})]
        claims = {s for s, p in facts.into.get(node, {}) if p in ABOUT_CLAIMS}
        claims |= {NamedNode(self.layout.expand(c.id) or "") for t in triples for c in facts.claims.get(t, [])}
        triples += [(claim, p, o) for claim in claims for p, o in facts.out.get(claim, {})]
        graph = rdflib_graph(Quad(*triple) for triple in dict.fromkeys(triples))
        for name, space in self.layout.prefixes.items():
            graph.bind(name, space, replace=True)
        return graph

    # --- names ---

    @property
    def names(self) -> Names:
        """What things are called here; made once, for it reads every label."""
        if self._names is None:
            self._names = Names(self.layout, self._slice, lambda text: self.searcher.meant(text))
        return self._names

    def resolve(self, term: str | NamedNode) -> str:
        """The IRI of a thing given as CURIE, IRI or label in any language, or as a term of an answer.

        UnknownTerm if there is none, UsageError for what is no name at all.
        """
        return self.names.resolve(term)

    def _property(self, text: str | NamedNode) -> NamedNode:
        text = written_name(text)
        iri = self.layout.expand(text)
        return NamedNode(iri if iri and self.built.uses(iri) else self.resolve(text))

    def term(self, text: NamedNode | Literal | str) -> Term:
        """A term for the object of a statement: a thing's name, or a literal of that text; a term stays what it is."""
        if isinstance(text, Literal):
            return text
        try:
            return NamedNode(self.resolve(text))
        except UnknownTerm as error:
            literals = [
                node
                for node in self.facts.into
                if isinstance(node, Literal) and node.value == _text_in(written_name(text))
            ]
            if not literals:
                raise error from None
            return literals[0]

    # --- looking things up ---

    def show(self, term: str | NamedNode) -> Thing:
        """One thing: its names, type and definition, then every statement with its sentences."""
        return things.show(self.facts, NamedNode(self.resolve(term)))

    def why(self, subject: str | NamedNode, predicate: str | NamedNode, value: NamedNode | Literal | str) -> Why:
        """What a statement rests on: claims and sentences, or the rules and statements it follows from."""
        if not isinstance(value, Literal):
            value = written_name(value)
        facts = self.facts
        node, name = NamedNode(self.resolve(subject)), self._property(predicate)
        # a text that stands there as it is goes before a thing of that name
        values = [term for held, term in facts.out.get(node, {}) if held == name]
        said = [term for term in values if isinstance(term, Literal) and term.value == _text_in(value)]
        terms = (node, name, said[0] if said else self.term(value))
        return things.why(facts, terms, self._proof)

    def cite(self, *terms: str | NamedNode, guide: str | Path | None = None) -> Citation:
        """A thing, or a statement (thing, property, value), as a footnote, for BibTeX, or as CSL-JSON.

        `guide` is a copy of the guide's text, from which the sentences are quoted.
        """
        from importlib.metadata import version

        from .content.pieces import words_by_digest
        from .dataset.citing import cite

        if len(terms) not in (1, 3):
            raise UsageError("cite a thing, or a statement of three parts", "give one term, or three")
        manifest = getattr(self.built, "manifest", None) or {}
        release = (version("icrc-korea"), str(manifest.get("dataset", {}).get("rdfc10_sha256", "")))
        words = words_by_digest(guide)
        if len(terms) == 1:
            return cite(self.facts, [NamedNode(self.resolve(terms[0]))], [], release, words)
        why = self.why(*terms)
        return cite(self.facts, why.terms, why.claims, release, words)

    def why_tree(self, why: Why) -> dict[str, Any]:
        """An answer of `why` as plain values: claims, proof, and what is said nearby."""
        from .reasoning.prov import tree

        return {
            "claims": [claim.as_dict(self.layout) for claim in why.claims],
            "proof": tree(why.proof, self.facts.sentences, self.layout) if why.proof else None,
            "nearby": why.nearby,
            "absences": why.absences,
        }

    def why_prov(self, why: Why) -> bytes:
        """An answer of `why` as PROV-O in Turtle: every step, down to the claims and their sentences."""
        from .rdf.writing import serialise
        from .reasoning.proofs import Proof
        from .reasoning.prov import prov

        def claims(triple: tuple[Any, ...]) -> list[str]:
            return [claim.id for claim in self.facts.claims.get(triple, [])]

        proof = why.proof or (Proof(*why.terms) if why else None)
        quads = prov(proof, claims, self.facts.fields, self.layout) if proof else []
        return serialise(quads, "turtle", self.layout)

    @cached_property
    def explainer(self) -> Explainer:
        """Gives the proof of any statement of the graph."""
        from .content.layout import DERIVE
        from .reasoning.proofs import Explainer

        questions = [self.question(q.id) for q in self.every_question() if q.topic == DERIVE]
        return Explainer(self.facts.quads, build.derive_rules(questions, self.layout), self.layout)

    def _proof(self, terms: tuple[Any, ...]) -> Proof | None:
        return self.explainer.explain(*terms)

    # --- the rest of the house ---

    def stats(self) -> dict[str, Any]:
        """Counts by graph, class, certainty and status."""
        facts, shrink = self.facts, self.layout.shrink
        graphs: dict[str, int] = {}
        sizes = self.built.sizes()
        statements = sizes.pop("")
        for name, number in sizes.items():
            short = "sentence graphs" if name.startswith("passage:") else name
            graphs[short] = graphs.get(short, 0) + number
        classes: dict[str, int] = {}
        for subject, predicate, value in facts.asserted:
            if (
                predicate == TYPE
                and isinstance(value, NamedNode)
                and getattr(subject, "value", "").startswith(BASE)
            ):
                classes[shrink(value.value)] = classes.get(shrink(value.value), 0) + 1
        claims = list(facts.claim_of.values())
        return {
            "statements": statements,
            "graphs": dict(sorted(graphs.items())),
            "classes": dict(sorted(classes.items(), key=lambda pair: (-pair[1], pair[0]))),
            "certainty": tally(claim.certainty for claim in claims),
            "status": tally(" ".join([claim.status, claim.polarity]) for claim in claims),
            "questions": len(self.every_question()),
        }

    def check(self, guide: Path | None = None, paths: Iterable[Path] = (), **options: Any) -> Report:
        """Every rule over every file; further options are those of `check.Options`."""
        from .checking import check, there

        if self.store:
            from .stores.remote import Remote

            if not isinstance(self.built, Remote):
                raise UsageError("a store on disk is checked by the files it was built from", "leave out --store")
            wanted = check.Options(guide=guide, paths=tuple(paths), **options)
            return there.check_there(self.built, self.layout, self._tell, wanted)
        return check.check(self.layout, self._tell, check.Options(guide=guide, paths=tuple(paths), **options))

    def anchor(self, text: str | Path, source: str = "", write: bool = True, replace: bool = False) -> Anchored:
        """Anchors the text of a source, by default of the first: writes its pieces.ttl, or only says what would change.

        Pieces that are there, on which statements may rest, change only with `replace`.
        """
        from .content.anchoring import anchor

        return anchor(self.layout, path_of(text), source, write, replace)

    def export(
        self,
        target: str | Path | None = None,
        form: str = "turtle",
        parts: str | Iterable[str] = (),
        same_as: str = "",
        *,
        preset: str = "usual",
        reifiers: bool = False,
        manifest: bool = False,
    ) -> bytes:
        """The graph in a format of its own, also written to a file if one is given.

        With `manifest`, what the file holds is written beside it: counts and digests, graph by graph.
        """
        from pathlib import Path

        from .publishing import export

        choice = export.Choice(_parts(parts), preset, same_as, reifiers)
        if target is None:
            return self._whole(lambda built: export.export(built, form, choice))
        self.export_into(target, form, choice, manifest=manifest)
        return Path(target).read_bytes()

    def export_into(
        self, target: str | Path | IO[bytes], form: str, choice: Choice, *, manifest: bool = False
    ) -> int:
        """Writes an export to a file or a stream without holding it in memory; gives its length in bytes."""
        from pathlib import Path

        from .publishing import export, package

        def fill(sink: Any) -> None:
            self._whole(lambda built: export.export_into(sink, built, form, choice))

        if not isinstance(target, (str, Path)):
            sink = export.Counted(target)
            fill(sink)
            return sink.size
        seen = export.write(target, fill)
        if manifest:
            said = package.manifest(export.chosen(self.built, choice), {Path(target).name: seen})
            export.write(f"{target}.manifest.json", lambda sink: sink.write(package.as_json(said)))
        return seen[0]

    def foreign_graphs(self) -> int:
        """How many graphs belong to no part of ours, as in a store on disk of other files."""
        from .publishing.export import PARTS, part_of

        if is_address(str(self.store)):
            return 0  # of a service only our own graphs are looked at
        names = (name for name in self.built.sizes() if name)
        iris = (name[1:-1] if name[0] == "<" else self.layout.expand(name) for name in names)
        return sum(part_of(NamedNode(iri), self.layout) not in PARTS for iri in iris if iri)

    def _whole(self, made: Callable[[Dataset], T]) -> T:
        """What is made of the whole dataset, which is read before anything is written."""
        try:
            return made(self.built)
        except build.Damaged:
            return made(self.build())

    def package(self, folder: str | Path) -> list[str]:
        """Writes every file of a release into a folder; returns their names."""
        from .publishing import package

        return self._whole(lambda built: package.package(built, path_of(folder)))

    def spool(
        self,
        parts: Iterable[str] | None = None,
        only: Iterable[str] = (),
        *,
        chunk: int = 250_000,
        points: bool = False,
    ) -> Spool:
        """The graph in order for a triple store: all parts, or some; all graphs, or `only` those of these names.

        `chunk` triples at most go into a part; `points`: whole decimals are written as 65000.0.
        """
        from .publishing import export
        from .rdf import naming
        from .stores.spool import Spool

        wanted = export.Choice(tuple(export.ADDED if parts is None else parts)).wanted()
        names = {name: self.layout.expand(name) or name for name in only}
        chosen = set(names.values())

        def spooled(built: Dataset) -> Spool:
            quads = naming.skolemised(export.quads_of(built, wanted, others=parts is None))
            # all blank nodes are named before graphs are chosen: a name rests on where a node is used
            return Spool((quad for quad in quads if not chosen or quad.graph_name.value in chosen), chunk, points)

        spool = self._whole(spooled)
        for name, iri in names.items():
            if iri not in spool.graphs:
                spool.close()
                known = self.built.sizes()
                raise UnknownTerm(f"there is no graph called {name} in what is pushed", nearest(name, known),
                                  "`icrc-korea stats` lists the graphs")  # fmt: skip
        return spool

    # --- names of tables, and what others hold ---

    @property
    def matcher(self) -> Matcher:
        """Finds the things that names stand for; made once, for it reads every name."""
        if self._matcher is None:
            from .matching.matcher import Matcher

            self._matcher = Matcher(self)
        return self._matcher

    @property
    def searcher(self) -> Search:
        """Searches names, descriptions, questions; made once, for it reads every name."""
        if self._search is None:
            from .matching.search import Search

            self._search = Search(self.matcher, self.questions())
        return self._search

    def search(self, text: str, languages: Sequence[str] = ("en",), limit: int = 20) -> list[Found]:
        """Things, terms and questions that a word in any script leads to, best first, with the reason in `.why`.

        >>> import icrc_korea
        >>> icrc_korea.load().search("Ruegger")[0].id
        'person:paul-ruegger'
        """
        return self.searcher.find(text_of(text, "word", "give a text"), languages, limit)

    def match(self, text: str, kind: str = "", limit: int = 10) -> list[Match]:
        """The things that a name may stand for, best first, with reasons in `.why`; `kind` is a class (`Person`).

        >>> import icrc_korea
        >>> icrc_korea.load().match("Ruegger, Paul")[0].thing.id
        'person:paul-ruegger'
        """
        return self.matcher.search(text, kind, limit)

    def reconcile(
        self, table: str | Path | Iterable[str], column: str = "name", kind: str = "", *, encoding: str = ""
    ) -> Table:
        """A table with the thing that each name of a column stands for; the table is a file or a list of names."""
        from .matching.tables import reconciled

        return reconciled(table, column, self.matcher, kind, encoding)

    def link(self, term: str, *, also: Iterable[str] = (), limit: int = 10, **asking: Any) -> list[Candidate]:
        """The items of Wikidata that may describe a thing, best first, each weighed; judges nothing.

        `also` are further names to look under. It asks the network, or with `offline=True` nobody; `asking` are the
        settings of `linking.opening.open_service`.
        """
        from .linking.candidates import candidates
        from .linking.opening import open_service

        return candidates(self, term, open_service(**asking), also, limit)

    def judge(
        self, term: str, *, cache: str | Path | None = None, api: str | None = None, **decided: Any
    ) -> Path:
        """Writes what you decided on candidates: `accept=["Q42"]`, `reject=[…]` or `none=True`, with `who` and `why`.

        An earlier judgement stays unless `replace=True`. Further settings are those of `linking.judging.judge`. Items
        get the names that they have in the answers kept in `cache`; nobody is asked.
        """
        from .linking.judging import judge
        from .linking.opening import open_service

        return judge(self, term, known=lambda: open_service(api=api, cache=cache, offline=True), **decided)

    def enrich(self, *terms: str, **asking: Any) -> Enriched:
        """Reads what Wikidata says of the things that are linked to it (all, or some) into a graph of its own.

        `asking` is as for `link`.
        """
        from .linking.enrichment import enrich
        from .linking.opening import open_service

        return enrich(self, open_service(**asking), terms, self._tell)

    def conflicts(self, everything: bool = False) -> list[Row]:
        """What other sources say beside the guide, disagreements first; `everything`: also what only they speak of."""
        from .linking.conflicts import report

        return report(self, everything)

    def contribute(self, form: str = "v1", **settings: Any) -> Contribution:
        """Text for Wikidata's tools, to be read and handed in by you; sends nothing.

        `settings` are those of `linking.giving.forms.contribute`.
        """
        from .linking.giving.forms import contribute

        return contribute(self, form, **settings)

    def draw(self, name: str) -> Picture:
        """A picture: timeline, network, map or sources; `.serialise("svg")`, `.text` and `.table()` give its forms."""
        from .publishing.pictures import draw

        return draw(name, self.run)

    def reason(self) -> list[Quad]:
        """What follows from the asserted graph, as quads of the inferred graph."""
        return [quad for quad in self.facts.quads if quad.graph_name.value == BASE + "graph/inferred"]

    def closure(self, update: str = "", *, time_limit: float | None = None) -> Closure:
        """The rules over the graph in a service, ready to be applied there; `update` is where it is changed.

        The rules may take an hour together, or `time_limit` seconds; then the inferred graph is left as it was.
        """
        from .rdf.reading import read_text
        from .reasoning.axioms import compile_axioms
        from .stores.dialects import changed_at
        from .stores.inference import TIME_LIMIT, Closure
        from .stores.remote import Remote

        if "://" not in str(self.store or ""):
            raise UsageError("what is to be reasoned over in its own place is a SPARQL service",
                             "give its address with --store URL; `icrc-korea build` infers for the files here, and "
                             "`icrc-korea build --store DIR` puts that into a store on disk")  # fmt: skip
        axioms = [
            quad for source in self.layout.files() if source.name.startswith("ontology/")
            for quad in build.parsed(read_text(source.path, source.name), source.name, source.graph, self.layout)
        ]  # fmt: skip
        rules = build.derive_rules(index(self.layout), self.layout)
        address = str(self.store)
        remote = Remote(address, self.layout, self._tell, update=update or changed_at(address))
        seconds = TIME_LIMIT if time_limit is None else time_limit
        return Closure(remote, compile_axioms(axioms, self.layout), rules, self._tell, seconds)

    def rdflib(self) -> rdflib.Dataset:
        """The same data as an rdflib Dataset whose default graph is the union."""
        import rdflib

        from .rdf.exchange import to_rdflib

        dataset = rdflib.Dataset(default_union=True)
        for quad in self.facts.quads:
            graph = dataset.graph(rdflib.URIRef(quad.graph_name.value))
            graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
        for name, space in self.layout.prefixes.items():
            dataset.bind(name, space, replace=True)
        return dataset


def _limits(*given: Any) -> Limits | None:
    """The limits of seconds, memory and rows that are given; None if none is."""
    from .workers.limits import Limits

    return None if given == (None, None, None) else Limits.of(*given)


def _parts(given: object) -> tuple[str, ...]:
    """The parts of an export: a list of names, or a text with commas between, as the command takes it."""
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split(",") if part.strip())
    try:
        return tuple(given)  # type: ignore[arg-type]
    except TypeError:
        remedy = "give a list, such as ['claims', 'links']"
        raise UsageError(f"{shown(given)} names no parts to export", remedy) from None


def _text_in(value: Literal | str) -> str:
    return value.value if isinstance(value, Literal) else value.strip('"')


def _is_construct(text: str) -> bool:
    return any(
        kind == "word" and token.upper() in ("CONSTRUCT", "DESCRIBE") for kind, token, _ in Tokens(text).items
    )


__all__ = ["Claim", "Facts", "KnowledgeGraph", "Thing", "Why"]
