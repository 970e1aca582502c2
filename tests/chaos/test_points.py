from __future__ import annotations

import pytest

from tests.chaos.points import POINTS, whereabouts


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.label)
def test_the_engine_still_has_it(point):
    """Else nobody would ever be struck there, and no storm would notice."""
    owner, name = whereabouts(point)
    assert callable(getattr(owner, name))
