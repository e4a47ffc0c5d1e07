"""What pages carry that is not ours: the file stated, with its licence, which cannot end its element."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from backtests.report import html

VENDOR = Path(html.__file__).parent / "vendor"
STATED = re.findall(
    r"^\| `(\S+)` \| (\S+) (\S+) \| MIT, `(\S+)` \| `([0-9a-f]{64})` \|$",
    (VENDOR / "README.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)


def test_every_vendored_file_is_stated_and_nothing_else_is_there():
    named = {name for file, _, _, licence, _ in STATED for name in (file, licence)}
    assert {path.name for path in VENDOR.iterdir()} == named | {"README.md"}


@pytest.mark.parametrize(("file", "package", "version", "licence", "hashed"), STATED)
def test_a_vendored_file_has_the_hash_the_version_and_the_licence_stated(file, package, version, licence, hashed):
    content = (VENDOR / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == hashed
    assert f"v{version}".encode() in content[:200]
    assert (VENDOR / licence).read_text(encoding="utf-8").startswith("MIT License")


def test_the_library_can_neither_end_its_script_element_nor_open_a_comment_in_it():
    assert len(html.plotly_script()) > 1e6
    assert not re.search(r"</script|<!--", html.plotly_script(), flags=re.IGNORECASE)


@pytest.mark.parametrize("ending", ["</script>", "</SCRIPT >", "<!--"])
def test_what_would_end_a_script_element_is_escaped_and_means_the_same(ending):
    assert html.inert(f"x = '{ending}'") == f"x = '<\\{ending[1:]}'"
