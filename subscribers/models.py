from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from subscribers import encryption, numbers
from subscribers.querysets import SubscriberQuerySet
from subscribers.regions import regions

NUMBER_USE = "phone number"
DATA_KEY_USE = "data key"


class AgeBand(models.TextChoices):
    UNKNOWN = "unknown", _("nothing kept")
    ADULT = "adult", _("adult")
    MINOR = "minor", _("under age")


def is_under_age(band: str, ends: date | None, at: datetime) -> bool:
    """`ends` is the first day on which a minor is one no longer; None: unknown."""
    return band == AgeBand.MINOR and (ends is None or ends > at.astimezone(UTC).date())


class Subscriber(models.Model):
    """A person with one phone number. The row is scrubbed at erasure, never deleted."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject_reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number_ciphertext = models.BinaryField(null=True, editable=False)
    number_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    digest_key_id = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False
    )
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    number_area = models.CharField(
        _("area of the number"), max_length=5, blank=True, default="", db_default="", editable=False
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    region = models.CharField(
        _("state or province"), max_length=6, blank=True, default="", db_default=""
    )
    age_band = models.CharField(
        _("age"), max_length=10, choices=AgeBand.choices, default=AgeBand.UNKNOWN
    )
    age_band_ends_date = models.DateField(_("under age until"), null=True, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # GDPR Art. 18: kept, and not used, until lifted.
    restricted_at = models.DateTimeField(_("restricted"), null=True, blank=True)
    # A carrier said that the number is gone or takes no texts; a text from it proves otherwise.
    number_gone_at = models.DateTimeField(_("number gone"), null=True, blank=True)
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)
    created_at = models.DateTimeField(_("known since"))
    # What the person did themselves, proven to be them; that a text reached them is no act.
    last_acted_at = models.DateTimeField(
        _("last heard from"), null=True, blank=True, editable=False
    )
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        permissions: ClassVar = [
            ("find_subscriber", "Can find a person by their number"),
            ("erase_subscriber", "Can erase a person"),
            ("restrict_subscriber", "Can restrict the use of a person's data"),
        ]
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="subscriber_number_until_erased",
                condition=Q(
                    erased_at=None,
                    number_digest__isnull=False,
                    number_ciphertext__isnull=False,
                )
                | Q(erased_at__isnull=False, number_digest=None, number_ciphertext=None),
            ),
            # The area code is readable beside an encrypted number: not one digit more.
            models.CheckConstraint(
                name="subscriber_number_area_is_coarse",
                condition=Q(number_area__regex=r"^(\+1[0-9]{3}|\+55[0-9]{2}|[A-Z]{2}|)$"),
            ),
            models.CheckConstraint(
                name="subscriber_region_is_iso_3166_2",
                condition=Q(region__regex=r"^([A-Z]{2}-[A-Z0-9]{1,3}|)$"),
            ),
            models.CheckConstraint(
                name="subscriber_place_until_erased",
                condition=Q(erased_at=None) | Q(number_area="", region=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["country"]),
            models.Index(fields=["language"]),
        ]
        # Texts refer to people without a foreign key: what was sent stays somebody's.
        triggers: ClassVar = [
            pgtrigger.Protect(name="person_is_never_deleted", operation=pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"Subscriber {self.public_id}"

    def is_under_age(self, at: datetime) -> bool:
        """As far as we know; someone whose band has no end stays in it."""
        return is_under_age(self.age_band, self.age_band_ends_date, at)

    @property
    def phone_number(self) -> str:
        """The number in E.164. Show `masked_number` instead wherever a person looks."""
        return self.decrypt_number(self.number_ciphertext, self.public_id)

    @phone_number.setter
    def phone_number(self, e164: str) -> None:
        self.number_ciphertext = encryption.encrypt(
            e164.encode(), use=NUMBER_USE, place=str(self.public_id)
        )
        self.number_digest = numbers.digest(e164)
        self.digest_key_id = encryption.current_keys()[1]
        self.country = numbers.country_of(e164)
        self.number_area = numbers.number_area(e164)

    @property
    def number_digests(self) -> list[bytes]:
        """Every digest this number may be kept under: the stored one, and one per digest key."""
        if self.number_digest is None:
            return []
        try:
            known = numbers.digests(self.phone_number)
        except encryption.UnableToDecrypt:
            # The key is lost, but the person can still say no and be erased.
            known = []
        return sorted({bytes(self.number_digest), *known})

    @staticmethod
    def decrypt_number(ciphertext: bytes | memoryview | None, public_id: uuid.UUID | str) -> str:
        """The number of a row that was read without the ORM."""
        if ciphertext is None:
            return ""
        return encryption.decrypt(ciphertext, use=NUMBER_USE, place=f"{public_id}").decode()

    @property
    def region_name(self) -> str:
        """Such as "Florida"; the code itself where we have no name for it."""
        known = regions().get(self.region)
        return known.name if known else self.region

    @property
    def masked_number(self) -> str:
        return numbers.mask(self.phone_number) if self.number_ciphertext else ""


class SubjectKey(models.Model):
    """The random key of one person's evidence and texts, wrapped by the master key.

    Destroying the row makes them unreadable for good.
    """

    subscriber = models.OneToOneField(
        Subscriber, on_delete=models.PROTECT, primary_key=True, related_name="subject_key"
    )
    wrapped_key = models.BinaryField(max_length=128)

    def __str__(self) -> str:
        return f"Key of {self.subscriber_id}"

    @property
    def key(self) -> bytes:
        return self.unwrap(self.wrapped_key, self.subscriber_id)

    @staticmethod
    def wrap(key: bytes, subscriber_id: int) -> bytes:
        return encryption.encrypt(key, use=DATA_KEY_USE, place=str(subscriber_id))

    @staticmethod
    def unwrap(wrapped_key: bytes | memoryview, subscriber_id: int) -> bytes:
        return encryption.decrypt(wrapped_key, use=DATA_KEY_USE, place=str(subscriber_id))


class AttributeKind(models.TextChoices):
    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    CHOICE = "choice", _("one of a list")
    YES_NO = "yes_no", _("yes or no")


class Attribute(models.Model):
    """A declared fact about people: only declared ones can be asked, kept or segmented on."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    label = models.CharField(_("label"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=AttributeKind.choices)
    choices = models.JSONField(
        _("choices"), default=list, blank=True, help_text=_('For "one of a list": the answers.')
    )
    reason = models.CharField(
        _("why we ask"), max_length=200, help_text=_("Shown to the person beside the field.")
    )
    retention_days = models.PositiveIntegerField(_("kept for (days)"), default=730)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")

    def __str__(self) -> str:
        return self.label


class SubscriberList(models.Model):
    """Staff's grouping of subscribers. Being on a list permits nothing."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    subscribers: models.ManyToManyField[Subscriber, ListMembership] = models.ManyToManyField(
        Subscriber, through="ListMembership", related_name="lists"
    )
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")

    def __str__(self) -> str:
        return self.name


class ListMembership(models.Model):
    subscriber_list = models.ForeignKey(
        SubscriberList, on_delete=models.CASCADE, related_name="memberships"
    )
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="memberships")
    added_at = models.DateTimeField(_("added"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscriber_list", "subscriber"], name="once_in_a_list")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} in {self.subscriber_list}"


class Segment(models.Model):
    """A saved rule tree that selects subscribers; see `subscribers.segments` for its shape."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    rule = models.JSONField(_("rule"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_sample = models.BooleanField(_("sample data"), default=False, editable=False)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name


class AccessAction(models.TextChoices):
    SEARCHED = "searched", _("searched for a number")
    VIEWED = "viewed", _("opened the person's page")
    EXPORTED = "exported", _("exported")
    ERASED = "erased", _("erased the person")
    RESTRICTED = "restricted", _("restricted the use of the person's data")
    UNRESTRICTED = "unrestricted", _("lifted the restriction")
    REVOKED_LINKS = "revoked_links", _("made the links to the person's page useless")


class AccessRecord(models.Model):
    """Who among the staff looked at whose data, when and why. Insert only."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_records"
    )
    role = models.CharField(_("role"), max_length=80)
    action = models.CharField(_("action"), max_length=20, choices=AccessAction.choices)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, null=True, related_name="access_records"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access records")
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="access_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="access_is_never_truncated",
                when=pgtrigger.Before,
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'access rows are append-only: % refused', TG_OP;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"
