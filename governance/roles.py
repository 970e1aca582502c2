"""Who may do what. A role is a group; its rights are written here and nowhere else."""

from __future__ import annotations

VIEWER = "Viewer"
EDITOR = "Editor"
APPROVER = "Approver"
PRIVACY_OFFICER = "Privacy officer"
ADMINISTRATOR = "Administrator"

VIEWS = frozenset(
    {
        "subscribers.view_subscriberlist",
        "subscribers.view_segment",
        "subscribers.view_attribute",
        "consent.view_purpose",
        "consent.view_notice",
        "consent.view_noticeversion",
        "consent.view_noticepurpose",
        "consent.view_signupform",
        "consent.view_policyoverride",
        "messaging.view_campaign",
        "messaging.view_campaigntext",
        "messaging.view_sender",
        "messaging.view_ratelimit",
        "messaging.view_message",
        "messaging.view_sendingfreeze",
    }
)
# Whoever answers people has to find them; each look is on record.
SEES_PEOPLE = frozenset({"subscribers.view_subscriber", "consent.add_suppression"})
WRITES_CAMPAIGNS = frozenset(
    {
        "messaging.add_campaign",
        "messaging.change_campaign",
        "messaging.add_campaigntext",
        "messaging.change_campaigntext",
        "messaging.delete_campaigntext",
        "messaging.submit_campaign",
        "subscribers.add_segment",
        "subscribers.change_segment",
        "subscribers.delete_segment",
        "subscribers.add_subscriberlist",
        "subscribers.change_subscriberlist",
    }
)
WRITES_WORDS = frozenset(
    {
        "consent.add_purpose",
        "consent.change_purpose",
        "consent.add_notice",
        "consent.change_notice",
        "consent.add_noticeversion",
        "consent.change_noticeversion",
        "consent.add_noticepurpose",
        "consent.change_noticepurpose",
        "consent.delete_noticepurpose",
        "consent.add_signupform",
        "consent.change_signupform",
        "subscribers.add_attribute",
        "subscribers.change_attribute",
    }
)
PUBLISHES = frozenset({"consent.publish_noticeversion", "consent.publish_signupform"})
RUNS_CAMPAIGNS = frozenset(
    {"messaging.approve_campaign", "messaging.run_campaign", "messaging.restart_campaign"}
)
STOPS_EVERYTHING = frozenset({"messaging.freeze_sending", "messaging.release_sending"})
WATCHES_PRIVACY = frozenset({"subscribers.view_accessrecord", "consent.view_hold"})
# The bundle names the number in full: only whoever answers to people and authorities for it.
PROVES_CONSENT = frozenset({"consent.export_evidence"})
# Rules of a country are set aside only by whoever answers for it, by name and with a reason.
OVERRIDES_POLICY = frozenset({"consent.override_policy"})
SERVES_RIGHTS = frozenset({"subscribers.erase_subscriber", "subscribers.restrict_subscriber"})
DECIDES_HOLDS = frozenset({"consent.view_hold", "consent.place_hold", "consent.decide_hold"})
# Entries about other entries: they change no standing.
ADDS_TO_THE_LEDGER = frozenset({"consent.correct_event", "consent.import_evidence"})
RUNS_THE_PLACE = frozenset(
    {
        "governance.view_staffuser",
        "governance.add_staffuser",
        "governance.change_staffuser",
        "auth.view_group",
        "messaging.add_sender",
        "messaging.change_sender",
        "messaging.add_ratelimit",
        "messaging.change_ratelimit",
        "messaging.delete_ratelimit",
    }
)

ROLES: dict[str, frozenset[str]] = {
    VIEWER: VIEWS,
    EDITOR: VIEWS | SEES_PEOPLE | DECIDES_HOLDS | WRITES_CAMPAIGNS | WRITES_WORDS,
    # Sending back to draft is part of approving.
    APPROVER: VIEWS
    | SEES_PEOPLE
    | RUNS_CAMPAIGNS
    | STOPS_EVERYTHING
    | PUBLISHES
    | {"messaging.submit_campaign"},
    PRIVACY_OFFICER: VIEWS
    | SEES_PEOPLE
    | DECIDES_HOLDS
    | ADDS_TO_THE_LEDGER
    | WATCHES_PRIVACY
    | PROVES_CONSENT
    | OVERRIDES_POLICY
    | SERVES_RIGHTS
    | STOPS_EVERYTHING
    | PUBLISHES,
    ADMINISTRATOR: VIEWS
    | SEES_PEOPLE
    | DECIDES_HOLDS
    | ADDS_TO_THE_LEDGER
    | WRITES_CAMPAIGNS
    | WRITES_WORDS
    | PUBLISHES
    | RUNS_CAMPAIGNS
    | STOPS_EVERYTHING
    | WATCHES_PRIVACY
    | OVERRIDES_POLICY
    | RUNS_THE_PLACE,
}
