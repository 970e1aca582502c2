from __future__ import annotations

from consent.models.confirmations import (
    AccessCode,
    Confirmation,
    ConfirmationKind,
    ConfirmationPurpose,
    PageLink,
    SpentCap,
)
from consent.models.forms import SignupForm
from consent.models.guardians import Guardianship, GuardianshipEnd
from consent.models.ledger import (
    ActorKind,
    Consent,
    ConsentEvent,
    ConsentEvidence,
    EventKind,
    Standing,
)
from consent.models.notices import Notice, NoticePurpose, NoticeVersion, Purpose, PurposeKind
from consent.models.policy import AppliesTo, PolicyOverride
from consent.models.refusals import Hold, Preference, Suppression, SuppressionSource
from consent.models.rights import ErasureListPosition, ErasureToList, NumberChange
from consent.models.sealing import (
    HandoutChannel,
    LedgerCheckpoint,
    LedgerHandout,
    LedgerLeaf,
    LedgerNode,
    LedgerPending,
)

__all__ = [
    "AccessCode",
    "ActorKind",
    "AppliesTo",
    "Confirmation",
    "ConfirmationKind",
    "ConfirmationPurpose",
    "Consent",
    "ConsentEvent",
    "ConsentEvidence",
    "ErasureListPosition",
    "ErasureToList",
    "EventKind",
    "Guardianship",
    "GuardianshipEnd",
    "HandoutChannel",
    "Hold",
    "LedgerCheckpoint",
    "LedgerHandout",
    "LedgerLeaf",
    "LedgerNode",
    "LedgerPending",
    "Notice",
    "NoticePurpose",
    "NoticeVersion",
    "NumberChange",
    "PageLink",
    "PolicyOverride",
    "Preference",
    "Purpose",
    "PurposeKind",
    "SignupForm",
    "SpentCap",
    "Standing",
    "Suppression",
    "SuppressionSource",
]
