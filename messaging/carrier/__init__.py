"""A small carrier with virtual phones: a process of its own, which knows nothing of Django.

Its log of what it accepted is the judge of what Yeslist sent, so it shares no state and no code
with the sending side but the signature of its webhooks.
"""
