"""All settings come from the environment; `<NAME>_FILE` names a file that holds the value.

The names and what they mean are listed in docs/operating.md.
"""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from config.ports import port_of
from config.queues import BULK, CONFIRM, INBOUND, LEDGER, MAINTENANCE, QUEUES
from config.stack.demo import demo_environment
from config.stack.layout import StackLayout

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
STACK = StackLayout(Path(env.str("STATE_DIR", default=str(BASE_DIR / ".local"))))

# The demo is the one place with made-up secrets: random, kept in its state folder.
DEMO = env.bool("DEMO", default=False)
if DEMO:
    for _name, _value in demo_environment(STACK).items():
        os.environ.setdefault(_name, _value)

# --- Secrets: no defaults -------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
MASTER_KEYS = env.str("MASTER_KEYS")
DIGEST_KEYS = env.str("DIGEST_KEYS")

# --- The sealed ledger (docs/ledger.md) -----------------------------------
# Give the signing key to the ledger worker alone; everyone else needs only the verifier keys.
LEDGER_SIGNING_KEY = env.str("LEDGER_SIGNING_KEY", default="")
LEDGER_VERIFIER_KEYS = env.list("LEDGER_VERIFIER_KEYS", default=[])
# The name of the log for good: a checkpoint of another name is of another log.
LEDGER_ORIGIN = env.str("LEDGER_ORIGIN", default="demo.yeslist.example/ledger" if DEMO else "")
LEDGER_CHECKPOINT_MAILBOX = env.str("LEDGER_CHECKPOINT_MAILBOX", default="")
LEDGER_CHECKPOINT_WEBHOOK = env.str("LEDGER_CHECKPOINT_WEBHOOK", default="")
LEDGER_HANDOUT_SECONDS = env.int("LEDGER_HANDOUT_SECONDS", default=60 * 60)

# --- E-mail (checkpoints only) --------------------------------------------
vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="yeslist@localhost")

# --- Erasures, listed outside the database (docs/rights.md) ---------------
# A file that no restore of the database rolls back; all processes write to the same one.
ERASURE_LIST = env.str("ERASURE_LIST", default=str(STACK.erasure_list) if DEMO else "")

# --- Where we are reached -------------------------------------------------
PORT = port_of(env.str("PORT", default="8000"))
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}" if DEMO else "").rstrip("/")
# The inbox's port in the local stack, for whoever stands a proxy in front; else any free one.
_inbox_port = env.str("INBOX_PORT", default="")
INBOX_PORT = port_of(_inbox_port, name="INBOX_PORT") if _inbox_port else None
# Where providers send receipts: the inbox where it has an address of its own.
RECEIPTS_URL = (env.str("RECEIPTS_URL", default="") or PUBLIC_URL).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies of our own stand in front: the client address is read that far from the right.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
DEBUG = env.bool("DEBUG", default=False)
# Warnings only: nobody silences what refuses to start.
SILENCED_SYSTEM_CHECKS = [
    check for check in env.list("SILENCED_SYSTEM_CHECKS", default=[]) if ".W" in check
]

# --- The organization -----------------------------------------------------
ORGANIZATION = env.str("ORGANIZATION", default="Harbor Street Library" if DEMO else "")
HELP_CONTACT = env.str("HELP_CONTACT", default="help@harbor-street.example" if DEMO else "")
# Where people can complain about us, as the privacy page names it; "" names none in particular.
COMPLAINT_AUTHORITY = env.str(
    "COMPLAINT_AUTHORITY", default="Information Commissioner’s Office, ico.org.uk" if DEMO else ""
)
DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="GB")

# --- Apps -----------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "governance",
    "messaging",
    "consent",
    "subscribers",
    "config.apps.YeslistAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "phonenumber_field",
    "csp",
    "pgtrigger",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.privacy_headers.PrivacyHeadersMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.organization.organization",
            ]
        },
    }
]

# --- What the layers plug into each other (docs/architecture.md) ----------
AUTH_USER_MODEL = "governance.StaffUser"
CONSENT_TEXT_SENDER = "messaging.system_texts.SystemTexts"
PERSONAL_DATA_STORES = [
    "subscribers.privacy.SubscriberStore",
    "consent.privacy.ConsentStore",
    "messaging.privacy.MessageStore",
]
SEGMENT_CRITERIA = [
    "subscribers.criteria.InList",
    "subscribers.criteria.Language",
    "subscribers.criteria.Country",
    "subscribers.criteria.AttributeValue",
    "consent.criteria.AgreedTo",
]
STAFF_VETOES = ["governance.vetoes.NotOwnWork", "governance.vetoes.SomeoneElse"]

# --- Database, cache, workers ---------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=STACK.database_url)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
# Django turns prepared statements off; those that ask for it (messaging/statements.py) keep a plan.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=STACK.redis_url)
# Apart from whatever else lives in the same Redis.
KEY_PREFIX = env.str("KEY_PREFIX", default="yeslist")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": KEY_PREFIX,
        "OPTIONS": {"socket_timeout": 3, "socket_connect_timeout": 3},
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 15,
    "socket_connect_timeout": 3,
    "health_check_interval": 25,
    "retry_on_timeout": True,
    # Whoever publishes gives up at once when the broker is gone; ticks repair what is lost.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    "global_keyprefix": f"{KEY_PREFIX}:",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_DEFAULT_QUEUE = MAINTENANCE
# Tasks end by themselves within half a minute. No soft limit: it would break into a turn.
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
# Its listener reads without a time limit: after two losses of the broker in a row a worker waits
# in there for good, alive and deaf. Nobody controls workers from afar.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_DISABLE_RATE_LIMITS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_TIMEZONE = "UTC"
# A worker that gets no task for so long, although one waits, ends itself (config/deafness.py).
WORKER_SILENT_SECONDS = env.int("WORKER_SILENT_SECONDS", default=60)
# Each is to give a sign of life (messaging/watching/heartbeats.py).
WORKER_QUEUES = QUEUES
CELERY_TASK_ROUTES = {
    "messaging.tasks.send_system_texts": {"queue": CONFIRM},
    "messaging.tasks.apply_receipts": {"queue": INBOUND},
    "messaging.tasks.cut_audiences": {"queue": BULK},
    "messaging.tasks.wake_lanes": {"queue": BULK},
    "consent.tasks.record_expiries": {"queue": LEDGER},
    "consent.tasks.seal_ledger": {"queue": LEDGER},
    "consent.tasks.look_after_consents": {"queue": MAINTENANCE},
    "consent.tasks.hand_out_checkpoint": {"queue": MAINTENANCE},
    "consent.tasks.close_old_confirmations": {"queue": MAINTENANCE},
    "consent.tasks.list_erasures": {"queue": MAINTENANCE},
    "consent.tasks.revoke_undecided_holds": {"queue": MAINTENANCE},
    "messaging.tasks.recover_interrupted": {"queue": MAINTENANCE},
    "messaging.tasks.forget_old_words": {"queue": MAINTENANCE},
    "messaging.tasks.watch_campaigns": {"queue": MAINTENANCE},
    "messaging.tasks.ask_about_unknown": {"queue": MAINTENANCE},
    # The ticks below name the queue whose worker shows that it is alive.
    "messaging.tasks.beat_once": {"queue": MAINTENANCE},
}
# `expires` keeps a stopped worker from finding hours of old ticks when it returns.
CELERY_BEAT_SCHEDULE = {
    "wake lanes": {
        "task": "messaging.tasks.wake_lanes",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "cut audiences": {
        "task": "messaging.tasks.cut_audiences",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "send texts a person waits for": {
        "task": "messaging.tasks.send_system_texts",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "apply receipts": {
        "task": "messaging.tasks.apply_receipts",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "record expiries": {
        "task": "consent.tasks.record_expiries",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "look after consents": {
        "task": "consent.tasks.look_after_consents",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "seal the ledger": {
        "task": "consent.tasks.seal_ledger",
        "schedule": 0.5,
        "options": {"expires": 2},
    },
    "hand out a checkpoint": {
        "task": "consent.tasks.hand_out_checkpoint",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "close old confirmations": {
        "task": "consent.tasks.close_old_confirmations",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "revoke undecided holds": {
        "task": "consent.tasks.revoke_undecided_holds",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "list erasures": {
        "task": "consent.tasks.list_erasures",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "watch campaigns": {
        "task": "messaging.tasks.watch_campaigns",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "forget old words": {
        "task": "messaging.tasks.forget_old_words",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "recover interrupted sends": {
        "task": "messaging.tasks.recover_interrupted",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "ask about texts with an unclear end": {
        "task": "messaging.tasks.ask_about_unknown",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    **{
        f"heartbeat of {queue}": {
            "task": "messaging.tasks.beat_once",
            "args": [queue],
            "schedule": 10.0,
            "options": {"queue": queue, "expires": 10},
        }
        for queue in QUEUES
    },
}

# --- Watching (docs/operating.md) -----------------------------------------
# Whoever reads /metrics shows it; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Providers ------------------------------------------------------------
CARRIER_URL = env.str("CARRIER_URL", default="")
CARRIER_SECRET = env.str("CARRIER_SECRET", default="")
SMS_PROVIDERS = env.json(
    "SMS_PROVIDERS",
    default={"simulator": "messaging.providers.simulator.Simulator"}
    if DEMO
    else {"console": "messaging.providers.console.Console"},
)

# --- Caps on confirmation texts (docs/operating.md) -----------------------
CONFIRMATION_COOLDOWN_SECONDS = env.int("CONFIRMATION_COOLDOWN_SECONDS", default=60)
CONFIRMATIONS_PER_NUMBER_PER_DAY = env.int("CONFIRMATIONS_PER_NUMBER_PER_DAY", default=3)
CONFIRMATIONS_PER_ADDRESS_PER_HOUR = env.int("CONFIRMATIONS_PER_ADDRESS_PER_HOUR", default=20)
CONFIRMATIONS_PER_FORM_PER_HOUR = env.int("CONFIRMATIONS_PER_FORM_PER_HOUR", default=100)
CONFIRMATIONS_PER_HOUR = env.int("CONFIRMATIONS_PER_HOUR", default=200)

# --- Consent that ages (docs/consent.md) ----------------------------------
# People are asked whether a yes still stands this long before it ends, once.
ASK_AGAIN_DAYS = env.int("ASK_AGAIN_DAYS", default=30)

# --- Approval, canary and breaker (docs/approving.md) ---------------------
# Further domains whose links are our own, beside the host of PUBLIC_URL.
LINK_DOMAINS = env.list("LINK_DOMAINS", default=[])
CANARY_WATCH_SECONDS = env.int("CANARY_WATCH_SECONDS", default=600)
# Whoever tries the demo does not want to wait for simulated people to think.
CANARY_SHORTEST_WATCH_SECONDS = env.int(
    "CANARY_SHORTEST_WATCH_SECONDS", default=10 if DEMO else 120
)
BREAKER_PERCENT = {
    "opt_out": env.float("BREAKER_OPT_OUT_PERCENT", default=2.0),
    "complaint": env.float("BREAKER_COMPLAINT_PERCENT", default=0.1),
    "failure": env.float("BREAKER_FAILURE_PERCENT", default=15.0),
    "wrong_number": env.float("BREAKER_WRONG_NUMBER_PERCENT", default=3.0),
}

# --- Safe by default ------------------------------------------------------
SECURE_COOKIES = not DEMO
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEMO)
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEMO
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

# --- Words and times ------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("es", "Español"), ("de", "Deutsch")]
FORMAT_MODULE_PATH = ["config.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
# Clocks come from the pinned tzdata, not from whatever age of it a machine has: a text's hours
# must not hang on that. Whoever sets PYTHONTZPATH means it.
if "PYTHONTZPATH" not in os.environ:
    zoneinfo.reset_tzpath(to=())
TIME_ZONE = "UTC"
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = DEFAULT_COUNTRY

# --- Static files ---------------------------------------------------------
STATIC_URL = "/static/"
# The demo serves the files from where they lie; elsewhere `collectstatic` gathers them here.
STATIC_ROOT = None if DEMO else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEMO
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Logs: the mask is the last line of defense, not the first ------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "masked": {
            "()": "config.logs.MaskingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "masked"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # Three ticks a second would fill the disk with "received" and "succeeded".
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
