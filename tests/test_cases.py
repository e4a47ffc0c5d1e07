"""Files as people have them: each is read for what it is, or answered in one line; the store never holds another "
"figure."""

from __future__ import annotations

import numpy as np
import pytest

from data.store import Store
from tests.case_files import CASES, Case


@pytest.fixture
def home(here, monkeypatch):
    monkeypatch.setenv("DIVERGENCE_HOME", str(here / "home"))
    return here / "home"


def written(case: Case, folder) -> str:
    folder.mkdir(exist_ok=True)
    (folder / case.file).write_bytes(case.content)
    return str(folder / case.file)


READ = [name for name, case in CASES.items() if case.holds is not None]
ANSWERED = [name for name, case in CASES.items() if case.holds is None]


@pytest.mark.parametrize("name", READ)
def test_a_file_is_stored_with_its_own_values_on_its_own_days(divergence, home, tmp_path, name):
    case = CASES[name]
    code, out, err = divergence("data", "import", *case.options, written(case, tmp_path / name))
    assert (code, err) == (0, "")
    assert "read as: " in out
    assert case.warns in out
    assert case.warns or "warning" not in out or name == "utc"
    store = Store(home)
    assert store.names() == sorted(case.holds)
    for series, held in case.holds.items():
        frame = store.read(series).frame
        assert list(frame.index) == list(held.index)
        np.testing.assert_array_equal(frame[list(held)].to_numpy(), held.to_numpy())


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_ambiguous_or_wrong_is_answered_in_one_line_and_not_stored(divergence, home, tmp_path, name):
    case = CASES[name]
    code, out, err = divergence("data", "import", *case.options, written(case, tmp_path / name))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert all(words in err for words in case.words), err
    assert "fetch it again" not in err
    assert Store(home).names() == []


def test_every_kind_of_answer_is_among_the_cases():
    assert len(READ) > 40
    assert len(ANSWERED) > 8
