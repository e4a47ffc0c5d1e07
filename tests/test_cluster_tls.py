"""A sweep on a cluster that speaks TLS: the same bytes, and of wrong certificates a line that says which."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dask
import pytest

from backtests import config
from backtests.sweeps import cluster
from data.errors import ConfigError
from tests.command import files
from tests.grids import FADING
from tests.test_cluster import ROOT, running

OPENSSL = shutil.which("openssl")
GRID = FADING + "    params.lookback: [12M, 24M]\n    params.enter: {from: 1, to: 2, step: 0.1}\n    costs: [1, 2]\n"
TLS = "distributed.comm.tls"
pytestmark = [pytest.mark.skipif(not OPENSSL, reason="no openssl to make certificates with"), pytest.mark.slow]


def signed(folder: Path, authority: str, name: str) -> None:
    """A key and a certificate of an authority, which is made where it is not there."""

    def openssl(*words: str) -> None:
        subprocess.run([str(OPENSSL), *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-nodes", "-subj")
    if not (folder / f"{authority}.pem").exists():
        out = ("-keyout", f"{authority}.key", "-out", f"{authority}.pem")
        openssl("req", "-x509", *new, f"/CN={authority}", "-days", "2", *out)
    openssl("req", *new, f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    by = ("-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial")
    openssl("x509", "-req", "-in", f"{name}.csr", *by, "-days", "2", "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Certificates of the cluster's authority, and of another."""
    folder = tmp_path_factory.mktemp("certificates")
    for authority, name in (("own", "node"), ("own", "asking"), ("other", "stranger")):
        signed(folder, authority, name)
    return folder


def named(folder: Path, authority: str | None, name: str | None, key: str | None = None) -> dict[str, str | None]:
    """What dask's configuration says of them."""
    paths = {"ca-file": authority and f"{authority}.pem", "client.cert": name and f"{name}.pem"}
    paths["client.key"] = key or (name and f"{name}.key")
    return {f"{TLS}.{what}": path and str(folder / path) for what, path in paths.items()}


@pytest.fixture(scope="module")
def there(tmp_path_factory, certificates):
    words = ("--tls-ca-file", "own.pem", "--tls-cert", "node.pem", "--tls-key", "node.key")
    whole = tuple(word if word.startswith("--") else str(certificates / word) for word in words)
    with (
        dask.config.set(named(certificates, "own", "asking")),
        running(tmp_path_factory.mktemp("cluster"), False, "tls", whole, 1) as started,
    ):
        yield started.address


@pytest.fixture
def gap(here):
    (here / "gap.yaml").write_text(GRID)
    return config.grid(config.load(here / "gap.yaml"))


def test_a_sweep_over_tls_told_its_certificates_by_the_environment_writes_the_same_bytes(
    there, certificates, gap, here
):
    told = {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificates / "own.pem"),
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(certificates / "asking.pem"),
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(certificates / "asking.key"),
    }
    for out, more in (("a", ("--threads", "1")), ("b", ("--dask", there))):
        answer = subprocess.run(
            [sys.executable, "-m", "backtests.cli", "sweep", "gap.yaml", "--out", out, "--quiet", *more],
            cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT), **told}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (answer.returncode, answer.stderr) == (0, "")
    for name in ("sweep.parquet", "paths.parquet", "effects.parquet"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_a_configuration_file_of_dask_names_them_too(there, certificates, gap, here):
    (here / "dask.yaml").write_text(
        f"distributed:\n  comm:\n    tls:\n      ca-file: {certificates}/own.pem\n"
        f"      client: {{cert: {certificates}/asking.pem, key: {certificates}/asking.key}}\n"
    )
    answer = subprocess.run(
        [sys.executable, "-m", "backtests.cli", "sweep", "gap.yaml", "--out", "own", "--quiet", "--dask", there],
        cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT), "DASK_CONFIG": str(here / "dask.yaml")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("authority", "name", "key", "words"),
    [
        (None, None, None, f"names no {TLS}.ca-file and no {TLS}.client.cert; docs/scale.md says how"),
        (None, "asking", None, f"names no {TLS}.ca-file; "),
        ("own", None, None, f"names no {TLS}.client.cert; "),
        ("gone", "asking", None, "gone.pem, which cannot be read (No such file or directory)"),
        ("own", "gone", None, "gone.pem, which cannot be read (No such file or directory)"),
        ("own", "asking", "gone.key", "gone.key, which cannot be read (No such file or directory)"),
        ("own", "asking", "node.key", f"no certificates that go together under {TLS}: ca-file "),
        ("own", "asking", "node.pem", f"no certificates that go together under {TLS}: ca-file "),
        ("other", "asking", None, "TLS with it fails (certificate verify failed"),
        ("own", "stranger", None, "TLS with it fails ("),
    ],
)
def test_certificates_that_are_missing_or_wrong_are_one_line_that_says_which(
    there, certificates, gap, divergence, authority, name, key, words
):
    with dask.config.set(named(certificates, authority, name, key)):
        answer = divergence("sweep", "gap.yaml", "--dask", there)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert f"--dask {there}: " in answer.err and words in answer.err
    assert files(Path()) == ["gap.yaml"]


def test_a_scheduler_that_speaks_tls_is_not_asked_in_the_open(there):
    with pytest.raises(ConfigError, match="no scheduler of dask answers there"):
        cluster.connected(there.replace("tls://", "tcp://")).__enter__()
