from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from config.stack.errors import UnableToStart
from config.stack.folders import claim_folder
from config.stack.layout import StackLayout
from config.stack.valkey import Valkey
from tests.stack.conftest import Start


def make_foreign(folder: Path) -> Path:
    """A folder of another user: one that root gives away, or root's own."""
    if os.geteuid() != 0:
        return Path("/usr")
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    return folder


def test_a_new_folder_is_for_us_alone(tmp_path: Path) -> None:
    claim_folder(tmp_path / "run")
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnableToStart, match="belongs to another user"):
        claim_folder(make_foreign(tmp_path / "run"))


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path)
    with pytest.raises(UnableToStart, match="not a folder"):
        claim_folder(tmp_path / "run")


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o777)
    with pytest.raises(UnableToStart, match="Others can write"):
        claim_folder(tmp_path / "run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay a folder for another user")
def test_no_server_starts_beside_a_foreign_socket_folder(layout: StackLayout, start: Start) -> None:
    make_foreign(layout.run)
    with pytest.raises(UnableToStart, match="belongs to another user"):
        start(Valkey(layout))
