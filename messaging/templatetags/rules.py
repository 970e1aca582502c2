"""The rules' own sentences, so that every page says the same thing in the same words."""

from __future__ import annotations

from django import template

from messaging.gate import sentence

register = template.Library()
register.simple_tag(sentence, name="rule_sentence")
