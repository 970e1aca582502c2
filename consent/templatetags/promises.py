from __future__ import annotations

from django import template

from consent.frequency import how_often

register = template.Library()
register.simple_tag(how_often)
