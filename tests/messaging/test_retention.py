from __future__ import annotations

import pytest

from messaging.models import Message, MessageState
from messaging.operations.retention import forget_old_words
from messaging.texts import text_of
from tests import cast

pytestmark = pytest.mark.django_db


def test_words_are_deleted_when_their_time_is_over_and_the_row_stays():
    cast.bob()
    Message.objects.update(state=MessageState.LAPSED, settled_at=cast.NOON)
    assert forget_old_words(at=cast.NOON + 89 * cast.DAY) == 0
    assert "reply YES" in text_of(Message.objects.get())
    assert forget_old_words(at=cast.NOON + 91 * cast.DAY) == 1
    assert text_of(Message.objects.get()) == ""
