"""The proxies that docs/serving.md sets up work as they stand there, but for their ports."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import ROOT
from service import Service, serving

PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
NAME = "kg.example.org"


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def as_nginx(folder: Path, port: int, service: Service) -> list[str]:
    said = block("nginx").replace("listen 80", f"listen 127.0.0.1:{port}").replace("8642", str(service.port))
    inside = f"access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;"
    others = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error; events {{}} http {{ {inside} {others} {said} }}",
        encoding="utf-8",
    )
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def as_caddy(folder: Path, port: int, service: Service) -> list[str]:
    said = block("caddy").replace(NAME + " {", f"http://{NAME}:{port} {{").replace("8642", str(service.port))
    (folder / "Caddyfile").write_text("{\n admin off\n}\n" + said, encoding="utf-8")
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def proxy(name: str, folder: Path, service: Service) -> Iterator[httpx.Client]:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed (on Debian and Ubuntu: apt install {name})")
    port = free_port()
    command = {"nginx": as_nginx, "caddy": as_caddy}[name](folder, port, service)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"host": NAME}, timeout=20) as client:
            until = time.monotonic() + 30
            while True:
                try:
                    client.get("/healthz")
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    assert time.monotonic() < until
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_a_proxy_passes_on_what_it_should(name: str, tmp_path: Path) -> None:
    with serving("--address", f"https://{NAME}") as service, proxy(name, tmp_path, service) as client:
        assert client.get("/sparql", params={"query": "ASK { ?s kw:sender ?o }"}).json()["boolean"] is True
        assert client.get("/").json()["sparql"] == f"https://{NAME}/sparql"
        assert client.get("/metrics").status_code == 404
        assert client.post("/sparql", content=b"#" * (2 << 20),
                           headers={"content-type": "application/sparql-query"}).status_code == 413  # fmt: skip
        assert client.get("/id/person/paul-ruegger.ttl").headers["access-control-allow-origin"] == "*"


def test_the_units_are_as_systemd_reads_them(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not here")
    for text in re.findall(r"```ini\n(.*?)```", PAGE, re.S):
        name = re.findall(r"system/(\S+)", text)[0]
        text = text.replace("/opt/icrc-korea/bin/icrc-korea", "/bin/true")  # which is there
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "icrc-korea" in line], done.stderr
