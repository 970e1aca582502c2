"""A quick door for receipts beside the Django view, `python -m messaging.inbox`.

It believes, understands and refuses what the view does. What it takes is written in groups, and
answered once its group is committed.
"""
