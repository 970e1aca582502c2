"""Staff accounts: rights come from groups, and only a superuser makes another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from governance.models import StaffUser
from subscribers.admin.guarded import GuardedAdmin

SUPERUSER_ONLY = ("is_superuser",)


@admin.register(StaffUser)
class StaffUserAdmin(GuardedAdmin, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "first_name", "last_name", "roles", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ()
    ordering = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password_in_words")}),
        (_("Who"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined", "password_in_words")

    @admin.display(description=_("password"))
    def password_in_words(self, account: StaffUser) -> SafeString:
        """Nothing of how it is stored: whoever may change it is led to where."""
        address = reverse("admin:auth_user_password_change", args=[account.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Set a new password"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes: a list would want a second key held down."""
        return super().formfield_for_manytomany(
            db_field, request, **{**kwargs, "widget": forms.CheckboxSelectMultiple}
        )

    @admin.display(description=_("roles"))
    def roles(self, account: StaffUser) -> str:
        return ", ".join(sorted(group.name for group in account.groups.all()))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *SUPERUSER_ONLY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody takes over the account of someone with more rights, nor raises their own."""
        acts_for_all = obj is None or request.user.is_superuser
        if not acts_for_all and (obj.is_superuser or obj.pk == request.user.pk):
            return False
        return super().has_change_permission(request, obj)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(GuardedAdmin, GroupAdmin):
    """Roles are written in `governance.roles`; here they are only looked at."""

    search_fields = ()
    fields = ("name", "rights")
    readonly_fields = ("name", "rights")

    @admin.display(description=_("rights"))
    def rights(self, group: Group) -> str:
        return ", ".join(group.permissions.order_by("name").values_list("name", flat=True))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
