"""Messages to people about what went on without them. One that a full queue refuses keeps nothing else from being written down."""

from typing import Any

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.core.tenancy import current_tenant
from apps.mails import services as mails

log = structlog.get_logger(__name__)


def tell(person: User, templates: str, path: str, **context: Any) -> bool:
    """Write to a person who is (still) there: by templates that begin like this, with the page that it is about; say whether it is on its way."""
    if not person.is_active:
        return False
    context |= {"url": current_tenant().address(path)}
    try:
        with transaction.atomic():
            mails.send(templates, to=person.email, language=person.language, **context)
    except DomainError as error:
        log.warning("message_not_queued", message=templates, reason=error.code)
        return False
    return True
