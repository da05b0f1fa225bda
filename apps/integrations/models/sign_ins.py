"""SignIn: what a person let us have at a service that is signed in to by OAuth."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.language import one_line
from apps.core.models import HoldsSecret, TimestampedModel
from apps.integrations.models.connections import Connection

EARLY = timedelta(seconds=30)
"""How long before its end a token is renewed; an answer takes that long at most."""


class SignIn(TimestampedModel, HoldsSecret):
    """A sign-in at a connected service: given, or not; and beside that maybe begun anew (`state` is the digest of what comes back).

    `place` says where we are let in. `sealed_secret` is one JSON object: `client`, who we are there, `access` and `refresh`;
    and of what is begun, as `begun`, the place, who we are there and the `verifier`.
    """

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, related_name="sign_in", verbose_name=_("connection")
    )
    place = models.JSONField(_("where to sign in"), default=dict, editable=False)
    state = models.CharField(max_length=64, blank=True, editable=False)
    begun_at = models.DateTimeField(_("begun"), null=True, editable=False)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    scope = models.CharField(_("scope"), max_length=1000, blank=True, editable=False)
    wanted = models.CharField(_("scope that was wanted"), max_length=1000, blank=True, editable=False)
    given_at = models.DateTimeField(_("signed in"), null=True, editable=False)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("by"),
    )
    expires_at = models.DateTimeField(_("token runs out"), null=True, editable=False)

    class Meta:
        verbose_name = _("sign-in at a service")
        verbose_name_plural = _("sign-ins at services")

    def __str__(self) -> str:
        return str(self.connection)

    @property
    def is_given(self) -> bool:
        """Whether there is a token; it may have run out, and be renewed at the next call."""
        return self.given_at is not None

    @property
    def is_stale(self) -> bool:
        return self.expires_at is not None and self.expires_at - EARLY < timezone.now()

    def kept(self) -> dict[str, Any]:
        """Return what is secret in the clear, only for the call that sends it."""
        return json.loads(self.secret() or "{}")

    def keep(self, **values: Any) -> None:
        """Replace some of what is secret; None drops one."""
        kept = {name: value for name, value in (self.kept() | values).items() if value is not None}
        self.set_secret(json.dumps(kept) if kept else "")

    def end(self) -> None:
        """Forget the tokens; who we are at the service stays."""
        self.keep(access=None, refresh=None)
        self.scope, self.given_at, self.given_by, self.expires_at = "", None, None, None

    def settle(self, begun: dict[str, Any]) -> None:
        """Have what was begun take the place of what is given; its token is still to be taken. What was begun after it stays."""
        later = self.kept().get("begun")
        self.place, self.scope = begun["place"], ""
        self.keep(client=begun["client"], access=None, refresh=None, begun=later if later != begun else None)

    def take(self, token: Any) -> None:
        """Take over an answer of the token endpoint; what it leaves out stays as it was."""
        self.keep(access=token.access_token, **({"refresh": token.refresh_token} if token.refresh_token else {}))
        self.scope = one_line(token.scope or self.scope, 1_000)
        lasts_s = token.expires_in
        self.expires_at = None if lasts_s is None else timezone.now() + timedelta(seconds=max(0, min(lasts_s, 10**9)))
