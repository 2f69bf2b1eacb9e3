"""Examples of the API's types about members, sessions, tokens and the audit trail."""

from typing import Any

_EDIT = {
    "name": "Olga Officer",
    "roles": ["officer"],
    "precincts": ["adams-2024/abbottstown"],
    "email": "olga@example.org",
    "mobile": "+1 717 555 0117",
    "disabled": False,
}
_MEMBER = {
    "username": "olga",
    **_EDIT,
    "member_since": "2026-01-01T00:00:00Z",
    "has_password": True,
}
_TOKEN = {
    "id": 7,
    "name": "tally reader in Abbottstown",
    "scopes": ["officer"],
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-04-01T00:00:00Z",
    "last_used_at": None,
}
_SESSION = {
    "id": 11,
    "created_at": "2026-01-01T08:00:00Z",
    "last_used_at": "2026-01-01T09:30:00Z",
    "expires_at": "2026-01-01T20:00:00Z",
    "address": "203.0.113.7",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "current": True,
}
_ENTRY = {
    "id": 41,
    "at": "2026-01-01T09:30:00Z",
    "username": "ada",
    "address": "203.0.113.7",
    "channel": "web",
    "action": "member-changed",
    "election": None,
    "subject": "olga",
    "changes": {"roles": [["officer"], ["auditor", "officer"]]},
    "reason": "",
}

MEMBER_EXAMPLES: dict[str, Any] = {
    "SignInRequest": {"username": "olga", "password": "copper lantern seldom weeps"},
    "SessionBegun": {
        "id": 11,
        "username": "olga",
        "roles": ["officer"],
        "expires_at": "2026-01-01T20:00:00Z",
    },
    "SessionInfo": _SESSION,
    "SessionList": {"sessions": [_SESSION]},
    "Confirmation": {"password": "copper lantern seldom weeps"},
    "PasswordChange": {
        "old_password": "copper lantern seldom weeps",
        "new_password": "seven quiet herons cross",
    },
    "Redemption": {"token": "tr_…", "new_password": "seven quiet herons cross"},
    "Redeemed": {"username": "olga"},
    "TokenInfo": _TOKEN,
    "TokenList": {"tokens": [_TOKEN]},
    "TokenRequest": {"name": "tally reader in Abbottstown", "scopes": ["officer"], "days": 90},
    "NewToken": {
        "id": 7,
        "token": "ts_…",
        "name": "tally reader in Abbottstown",
        "scopes": ["officer"],
        "expires_at": "2026-04-01T00:00:00Z",
    },
    "Me": {
        "username": "olga",
        "name": "Olga Officer",
        "roles": ["officer"],
        "precincts": ["adams-2024/abbottstown"],
        "credential": "session",
        "fresh": False,
    },
    "MemberInfo": _MEMBER,
    "MemberPage": {"members": [_MEMBER], "next": None},
    "MemberEdit": _EDIT,
    "NewMember": {"username": "olga", **_EDIT},
    "Reset": {"username": "olga", "token": "tr_…", "expires_at": "2026-01-02T00:00:00Z"},
    "AuditRecord": _ENTRY,
    "AuditPage": {"entries": [_ENTRY], "next": "/api/v1/audit?limit=1&before=41"},
}
