"""Real triple stores on this machine, started in a folder of their own and stopped again.

A test takes the fixture `store_of` (any of them by name) or `real_store` (runs once for each). Where a
store is not installed the test is skipped and says how to get it; when CI is set it fails instead.

    store       what it is                  where it comes from
    oxigraph    Oxigraph server             PyPI (with the tools for tests)
    virtuoso    Virtuoso Open Source 7      Debian: virtuoso-opensource-7-bin
    fuseki      Apache Jena Fuseki          Maven Central: make stores
    rdf4j       RDF4J server in Jetty       Maven Central: make stores
    blazegraph  Blazegraph in Jetty         Maven Central: make stores
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

JARS = Path(__file__).parent / "stores" / "jars"
PATIENCE = 120.0  # seconds for a Java server to come up on a busy machine


class RealStore:
    """A store that runs: the name and address that `push` takes, its addresses, and who may write."""

    def __init__(self, name: str, url: str, query: str, update: str, user: str = "", password: str = "") -> None:
        self.name, self.url, self.query, self.update = name, url, query, update
        self.user, self.password = user, password
        self.folder = Path()
        self.process: subprocess.Popen[bytes] | None = None
        self._command: list[str] = []
        self._env: dict[str, str] = {}

    def __repr__(self) -> str:
        return self.name

    def start(self, command: list[str], folder: Path, env: dict[str, str], ready: str) -> None:
        """Starts it and waits until it answers at `ready`."""
        self.folder, self._command, self._env, self.ready = folder, command, env, ready
        self.again()

    def again(self) -> None:
        """Starts it (again) with the same command and folder."""
        with (self.folder / "output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                self._command, cwd=self.folder, env={**os.environ, **self._env}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True, restore_signals=False,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.ready, timeout=5).close()
                return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        said = (self.folder / "output.txt").read_text(errors="replace")[-2000:]
        self.kill()
        raise AssertionError(f"{self.name} did not start:\n{said}")

    def kill(self) -> None:
        """Ends it at once, as when the plug is pulled."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- one function a store: what it needs, and how it is started -----------------------------------------


def _jar(start: str) -> Path | None:
    return next(iter(sorted(JARS.glob(f"{start}-[0-9]*"))), None)


def _oxigraph(folder: Path) -> RealStore | str:
    program = Path(sys.executable).with_name("oxigraph")
    found = str(program) if program.exists() else shutil.which("oxigraph")
    if not found:
        return "pip install oxigraph"
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    store = RealStore("oxigraph", base, f"{base}/query", f"{base}/update")
    command = [found, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    store.start(command, folder, {}, f"{base}/query?query=ASK%7B%7D")
    return store


def _fuseki(folder: Path) -> RealStore | str:
    jar, java = _jar("jena-fuseki-server"), shutil.which("java")
    if not jar or not java:
        return "make stores, with a Java of version 17 or later"
    port = free_port()
    base = f"http://127.0.0.1:{port}/kg"
    (folder / "data").mkdir()
    command = [java, "-Xmx768m", "-jar", str(jar), "--localhost", "--port", str(port), "--update"]
    command += ["--loc", str(folder / "data"), "/kg"]
    store = RealStore("fuseki", base, f"{base}/query", f"{base}/update")
    store.start(command, folder, {"FUSEKI_BASE": str(folder)}, f"{base}/query?query=ASK%7B%7D")
    return store


REPOSITORY = """
@prefix config: <tag:rdf4j.org,2023:config/> .
[] a config:Repository ; config:rep.id "kg" ;
   config:rep.impl [ config:rep.type "openrdf:SailRepository" ;
                     config:sail.impl [ config:sail.type "openrdf:NativeStore" ] ] .
"""


def _rdf4j(folder: Path) -> RealStore | str:
    war, jetty, java = _jar("rdf4j-http-server"), _jar("jetty-runner"), shutil.which("java")
    if not war or not jetty or not java:
        return "make stores, with a Java of version 17 or later"
    port = free_port()
    server = f"http://127.0.0.1:{port}/rdf4j-server"
    command = [java, "-Xmx768m", f"-Dorg.eclipse.rdf4j.appdata.basedir={folder / 'data'}", f"-Djava.io.tmpdir={folder}"]
    command += ["-jar", str(jetty), "--host", "127.0.0.1", "--port", str(port), "--path", "/rdf4j-server", str(war)]
    base = f"{server}/repositories/kg"
    store = RealStore("rdf4j", base, base, f"{base}/statements")
    store.start(command, folder, {}, f"{server}/protocol")
    made = urllib.request.Request(base, REPOSITORY.encode(), {"Content-Type": "text/turtle"}, method="PUT")
    urllib.request.urlopen(made, timeout=60).close()
    return store


VIRTUOSO = """
[Database]
DatabaseFile = virtuoso.db
TransactionFile = virtuoso.trx
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
xa_persistent_file = virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
DirsAllowed = .
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = {rows}
"""


def _virtuoso(folder: Path, rows: int = 1_000_000) -> RealStore | str:
    program = shutil.which("virtuoso-t")
    if not program:
        return "apt install virtuoso-opensource-7-bin"
    sql, http = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(VIRTUOSO.format(sql=sql, http=http, rows=rows))
    base = f"http://127.0.0.1:{http}"
    store = RealStore("virtuoso", base, f"{base}/sparql", f"{base}/sparql-auth", "dba", "dba")
    command = [program, "+foreground", "+configfile", "virtuoso.ini"]
    store.start(command, folder, {}, f"{base}/sparql?query=ASK%7B%7D")
    return store


NAMESPACE = b"""
com.bigdata.rdf.sail.namespace=kg
com.bigdata.rdf.store.AbstractTripleStore.quads=true
com.bigdata.rdf.store.AbstractTripleStore.statementIdentifiers=false
com.bigdata.rdf.store.AbstractTripleStore.textIndex=false
com.bigdata.rdf.store.AbstractTripleStore.inlineDateTimes=false
com.bigdata.rdf.store.AbstractTripleStore.axiomsClass=com.bigdata.rdf.axioms.NoAxioms
com.bigdata.rdf.sail.truthMaintenance=false
"""


def _blazegraph(folder: Path) -> RealStore | str:
    war, jar, jetty, java = _jar("bigdata-war-html"), _jar("blazegraph-jar"), _jar("jetty-runner"), shutil.which("java")
    if not war or not jar or not jetty or not java:
        return "make stores, with a Java of version 17 or later"
    # its own jar alone does not start on a Java of today, and the war comes without the program
    webapp = folder / "webapp"
    shutil.unpack_archive(war, webapp, "zip")
    (webapp / "WEB-INF" / "lib").mkdir(exist_ok=True)
    (webapp / "WEB-INF" / "lib" / jar.name).symlink_to(jar)
    port = free_port()
    server = f"http://127.0.0.1:{port}/blazegraph"
    settings = webapp / "WEB-INF" / "RWStore.properties"
    command = [java, "-Xmx1g", f"-Dcom.bigdata.rdf.sail.webapp.ConfigParams.propertyFile={settings}"]
    command += [f"-Djava.io.tmpdir={folder}", "-jar", str(jetty), "--host", "127.0.0.1", "--port", str(port)]
    base = f"{server}/namespace/kg/sparql"
    store = RealStore("blazegraph", base, base, base)
    command += ["--path", "/blazegraph", str(webapp)]
    store.start(command, folder, {}, f"{server}/namespace/kb/sparql?query=ASK%7B%7D")
    made = urllib.request.Request(f"{server}/namespace", NAMESPACE, {"Content-Type": "text/plain"}, method="POST")
    urllib.request.urlopen(made, timeout=60).close()
    return store


STORES: dict[str, Callable[[Path], RealStore | str]] = {
    "oxigraph": _oxigraph,
    "virtuoso": _virtuoso,
    "fuseki": _fuseki,
    "rdf4j": _rdf4j,
}
if os.environ.get("WITH_BLAZEGRAPH"):  # not all tests pass on it yet: it joins the others when they do
    STORES["blazegraph"] = _blazegraph


@contextmanager
def started(name: str, folder: Path) -> Iterator[RealStore]:
    """A store of its own for one test: skipped where it is missing, a failure in CI."""
    store = STORES[name](folder)
    if isinstance(store, str):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not here: {store}")
    try:
        yield store
    finally:
        store.kill()


# --- fixtures (tests/conftest.py hands them on) ---------------------------------------------------------


@pytest.fixture(scope="session")
def store_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RealStore]]:
    """Gives a store by its name; it is started once and serves all tests of the run, so clean up after you."""
    running: dict[str, RealStore] = {}
    with ExitStack() as stack:

        def give(name: str) -> RealStore:
            if name not in running:
                running[name] = stack.enter_context(started(name, tmp_path_factory.mktemp(name)))
            return running[name]

        yield give


@pytest.fixture(params=list(STORES))
def real_store(request: pytest.FixtureRequest, store_of: Callable[[str], RealStore]) -> RealStore:
    """Each of the real stores in turn."""
    return store_of(request.param)


@pytest.fixture(params=list(STORES))
def own_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStore]:
    """Each of the real stores in turn, started for this test alone: nothing of other tests is in it."""
    with started(request.param, tmp_path_factory.mktemp(request.param)) as store:
        yield store
