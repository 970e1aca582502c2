from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps


class ConfigConfig(AppConfig):
    name = "config"


class YeslistAdminConfig(apps.AdminConfig):
    default = False
    default_site = "config.admin.YeslistAdminSite"
