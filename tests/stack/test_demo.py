from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.stack.demo import demo_environment
from config.stack.layout import StackLayout


def test_a_second_start_has_the_same_secrets(tmp_path: Path) -> None:
    layout = StackLayout(tmp_path / "state")
    assert demo_environment(layout) == demo_environment(layout)


def test_two_demos_share_no_secret(tmp_path: Path) -> None:
    one = demo_environment(StackLayout(tmp_path / "one"))
    two = demo_environment(StackLayout(tmp_path / "two"))
    assert one.keys() == two.keys()
    assert not set(one.values()) & set(two.values())


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    layout = StackLayout(tmp_path / "state")
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: demo_environment(layout), range(32)))
    assert all(environment == seen[0] for environment in seen)
    assert [file.name for file in layout.home.iterdir()] == ["demo.env"]


def test_only_we_can_read_them(tmp_path: Path) -> None:
    layout = StackLayout(tmp_path / "state")
    demo_environment(layout)
    assert stat.S_IMODE(layout.demo_environment_file.stat().st_mode) == 0o600


def test_the_keys_are_long_enough(tmp_path: Path) -> None:
    environment = demo_environment(StackLayout(tmp_path / "state"))
    assert len(environment["SECRET_KEY"]) >= 50
    for name, key_id in (("MASTER_KEYS", "k1"), ("DIGEST_KEYS", "d1")):
        found, _, key = environment[name].partition(":")
        assert (found, len(base64.b64decode(key, validate=True))) == (key_id, 32)
    assert len(base64.b64decode(environment["LEDGER_SIGNING_KEY"], validate=True)) == 32


def test_a_demo_from_before_the_ledger_was_sealed_gets_its_key_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    layout = StackLayout(tmp_path / "state")
    layout.home.mkdir()
    layout.demo_environment_file.write_text("SECRET_KEY=old\nDEMO_PASSWORD=old\n")
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: demo_environment(layout), range(32)))
    assert all(environment == seen[0] for environment in seen)
    assert seen[0]["SECRET_KEY"] == seen[0]["DEMO_PASSWORD"] == "old"
    assert seen[0]["LEDGER_SIGNING_KEY"]
