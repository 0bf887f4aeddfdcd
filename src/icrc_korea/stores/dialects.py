"""Tells how each kind of triple store is addressed: one row per store.

`{}` stands for the address that the user gives, without a slash at its end. A row says `tried` where the tests
run the store itself; the others follow the protocol that their makers document.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from ..errors import UsageError, nearest
from ..services.credentials import shown

# how one graph is written:
GRAPH_STORE = "graph-store"  # PUT replaces the graph, POST adds to it: SPARQL 1.1 Graph Store HTTP Protocol
CONTEXT = "context"  # PUT and POST on /statements with ?context=<iri>: the older protocol of Sesame
DROP_AND_POST = "drop-and-post"  # DROP GRAPH by SPARQL, then POST with ?context-uri=: no Graph Store Protocol


class Dialect:
    """How one kind of store is spoken to."""

    def __init__(
        self,
        title: str,
        example: str,
        query: str = "{}",
        update: str = "{}",
        graphs: str = "{}",
        *,
        name: str = "graph",
        way: str = GRAPH_STORE,
        sends: str = "application/n-triples",
        chunk: int = 250_000,
        read: str = "",
        bulk: str = "",
        login: str = "",
        durations_as_numbers: bool = False,
        together: bool = False,
        decimals_with_point: bool = False,
        ascii_files: bool = False,
        tried: bool = False,
    ) -> None:
        """`example` is an address as a user gives it; `query`, `update`, `graphs` are where it is asked, changed and
        written, with the graph in the parameter `name`; `chunk` is the most triples in a request; `read` is an address
        that gives a graph as N-Triples, and without it graphs are read by SELECT, page by page; `bulk` are the lines
        of a shell script that loads `graphs.nq`; `login` are the options that curl needs; `durations_as_numbers`:
        it gives `P1D` as `86400.0`; `together`: each request costs it so much that small graphs go in one update;
        `decimals_with_point`: it finds `65000` never again, not even to take it away, but `65000.0` it does;
        `ascii_files`: it reads files of N-Quads as ASCII, so that other characters are written as escapes.
        """
        self.title, self.example, self.tried = title, example, tried
        self.query, self.update, self.graphs = query, update, graphs
        self.name, self.way, self.sends, self.chunk = name, way, sends, chunk
        self.read, self.bulk, self.login = read, bulk, login
        self.durations_as_numbers, self.together = durations_as_numbers, together
        self.decimals_with_point, self.ascii_files = decimals_with_point, ascii_files

    def at(self, url: str) -> Place:
        """This kind of store at an address."""
        base = url.rstrip("/")
        return Place(self, base, *(template.format(base) for template in (self.query, self.update, self.graphs)))


class Place:
    """One store at its address."""

    def __init__(self, dialect: Dialect, base: str, query: str, update: str, graphs: str) -> None:
        self.dialect, self.base, self.query, self.update, self.graphs = dialect, base, query, update, graphs

    def graph(self, iri: str) -> str:
        """Where one graph is written; never an address that stands for more than this graph."""
        dialect = self.dialect
        if not iri or any(mark in iri for mark in '<>" {}|\\^`') or any(mark < "!" for mark in iri):
            raise UsageError(f"{iri!r} is no name for a graph", "give the graph an IRI")
        value = f"<{iri}>" if dialect.way == CONTEXT else iri
        return f"{self.graphs}?{dialect.name}={quote(value, safe='')}"

    def reading(self, iri: str) -> str:
        """Where one graph is read whole; '' where it is read by SELECT."""
        template = self.dialect.read
        return template.format(self.base, quote(iri, safe="")) if template else ""


DIALECTS: dict[str, Dialect] = {
    "fuseki": Dialect(
        "Apache Jena Fuseki", "http://localhost:3030/kg",
        query="{}/query", update="{}/update", graphs="{}/data",
        read="{}/data?graph={}",
        bulk="tdb2.tdbloader --loc \"${1:?the folder of the TDB2 database, with Fuseki stopped}\" graphs.nq",
        together=True, decimals_with_point=True, tried=True,
    ),
    "graphdb": Dialect(
        "Ontotext GraphDB", "http://localhost:7200/repositories/kg",
        update="{}/statements", graphs="{}/rdf-graphs/service",
        read="{}/statements?infer=false&context=%3C{}%3E",
        bulk="importrdf preload --force --id \"${1:?the id of the repository, with GraphDB stopped}\" graphs.nq",
    ),
    "rdf4j": Dialect(
        "RDF4J server", "http://localhost:8080/rdf4j-server/repositories/kg",
        update="{}/statements", graphs="{}/rdf-graphs/service",
        read="{}/statements?infer=false&context=%3C{}%3E",
        # POST adds; PUT there would replace the whole repository
        bulk="curl --fail-with-body -sS --netrc-optional -X POST -H 'Content-Type: application/n-quads' "
             "-T graphs.nq \"${1:?the address of the repository}/statements\"",
        tried=True,
    ),
    "virtuoso": Dialect(
        "OpenLink Virtuoso", "http://localhost:8890",
        query="{}/sparql", update="{}/sparql-auth", graphs="{}/sparql-graph-crud-auth",
        name="graph-uri", sends="text/turtle", chunk=50_000, login="--digest", durations_as_numbers=True,
        bulk="""\
# the folder must be among DirsAllowed in virtuoso.ini; VIRTUOSO_PASSWORD is the password of dba, which isql
# lets everybody see who can list the processes of this machine while it runs
port=${1:-1111} file=$(pwd)/graphs.nq
isql() {
  isql-vt "localhost:$port" dba "${VIRTUOSO_PASSWORD:?set it first}" banner=off verbose=off prompt=off exec="$1"
}
isql "delete from DB.DBA.load_list where ll_file = '$file';"
isql "ld_dir ('$(pwd)', 'graphs.nq', 'urn:none'); rdf_loader_run (); checkpoint;"
# a file that fails is no error to the loader, it only says so in a list
loaded=$(isql "select count (*) from DB.DBA.load_list where ll_file = '$file' and ll_state = 2 and ll_error is null;")
if [ "${loaded//[[:space:]]/}" != 1 ]; then
  isql "select ll_error from DB.DBA.load_list where ll_file = '$file';" >&2
  exit 1
fi""",
        tried=True,
    ),
    "qlever": Dialect(
        "QLever", "http://localhost:7001",
        query="{}/", update="{}/", graphs="{}/",
        # GET of a graph is in the documented protocol; N-Triples by the query's own CONSTRUCT is the older way
        bulk="qlever-index --index-basename \"${1:?the name of the index}\" --kg-input-file graphs.nq "
             "--file-format nq  # then start the server",
    ),
    "oxigraph": Dialect(
        "Oxigraph server", "http://localhost:7878",
        query="{}/query", update="{}/update", graphs="{}/store",
        read="{}/store?graph={}",
        bulk="oxigraph load --location \"${1:?the folder of the store, with the server stopped}\" --file graphs.nq",
        tried=True,
    ),
    "blazegraph": Dialect(
        "Blazegraph", "http://localhost:9999/blazegraph/namespace/kg/sparql",
        # it reads N-Triples and N-Quads as ASCII, whatever charset is said, and Turtle as UTF-8
        name="context-uri", way=DROP_AND_POST, sends="text/turtle", chunk=50_000, ascii_files=True,
        bulk="curl --fail-with-body -sS -X POST -H 'Content-Type: text/x-nquads' -T graphs.nq "
             "\"${1:?the address of the namespace, which must be in quads mode}\"",
        tried=True,
    ),
    "stardog": Dialect(
        "Stardog", "http://localhost:5820/kg",
        query="{}/query", update="{}/update",
        bulk="stardog data add \"${1:?the name of the database}\" graphs.nq",
    ),
    "neptune": Dialect(
        "Amazon Neptune", "https://cluster.region.neptune.amazonaws.com:8182",
        query="{}/sparql", update="{}/sparql", graphs="{}/sparql/gsp/",
        bulk="""\
# graphs.nq must lie in a bucket that the cluster's role may read; IAM signatures are added by awscurl
: "${1:?the address of the cluster}" "${2:?s3://bucket/graphs.nq}" "${3:?the ARN of the role}" "${4:?the region}"
curl --fail-with-body -sS -H 'Content-Type: application/json' "$1/loader" -d '{
  "source": "'"$2"'", "format": "nquads", "iamRoleArn": "'"$3"'", "region": "'"$4"'", "failOnError": "TRUE"}'""",
    ),
    "allegrograph": Dialect(
        "AllegroGraph", "http://localhost:10035/repositories/kg",
        graphs="{}/statements", name="context", way=CONTEXT,
        bulk="agtool load --input nquads \"${1:?the repository}\" graphs.nq",
    ),
    "generic": Dialect("any SPARQL 1.1 store", "https://store.example/sparql"),
}  # fmt: skip


def changed_at(query: str) -> str:
    """Where a store that is asked at an address is changed: as its row has it, the same address if none fits alone."""
    found = set()
    for dialect in DIALECTS.values():
        asked = dialect.at(urlsplit(dialect.example).path).query
        shape = re.escape(asked).replace("kg", "[^/]+")
        if asked and re.fullmatch(shape, urlsplit(query).path):
            found.add(dialect.at(query.removesuffix(dialect.query[2:])).update)
    return found.pop() if len(found) == 1 else query


def place(store: str, url: str, update: str = "", graphs: str = "") -> Place:
    """A store by its kind and address; `update` and `graphs` are the further addresses of a generic one."""
    if store not in DIALECTS:
        close = nearest(store, DIALECTS)
        raise UsageError(
            f"there is no kind of store called {shown(store)!r}",  # it may be an address, with a password in it
            (f"did you mean {close[0]}? " if close else "") + "there are " + ", ".join(DIALECTS),
        )
    dialect = DIALECTS[store]
    if store != "generic":
        if update or graphs:
            raise UsageError(f"the addresses of {dialect.title} follow from its base", "leave the others out")
        return dialect.at(url)
    if not graphs:
        raise UsageError("a generic store needs the address of its Graph Store Protocol too", "add --graph-store URL")
    found = dialect.at(url)
    found.update, found.graphs = update or url, graphs.rstrip("?")
    return found
