"""How allauth behaves here: nobody signs up uninvited, sign-ins are audited, secrets sealed."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from dinghai_platform.core import audit
from dinghai_platform.core.actors import actor_of_membership
from dinghai_platform.core.queries import memberships_of


class InvitedOnly(DefaultAccountAdapter):
    """Accounts come from the set-up link and from invitations."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Write the sign-in into the audit chain of the organisation the user acts for first."""
        membership = memberships_of(user).first()
        if membership is not None:
            with transaction.atomic():
                actor = actor_of_membership(membership)
                address = self.get_client_ip(request)
                audit.append(actor, "core.signed_in", user, {"address": address})
        return super().post_login(request, user, **kwargs)


class SealedSecrets(DefaultMFAAdapter):
    """One-time-code secrets are kept encrypted under the site's key."""

    def encrypt(self, text: str) -> str:
        """Seal a secret for the database."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return _seal().decrypt(encrypted_text.encode()).decode()


def _seal() -> Fernet:
    key = hashlib.sha256(b"dinghai mfa\x00" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
