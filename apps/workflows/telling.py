"""Messages to owners about what starts by itself. One that a full queue refuses keeps nothing else from being written down."""

from typing import Any

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.core.tenancy import current_tenant
from apps.mails import services as mails

log = structlog.get_logger(__name__)


def tell(person: User, message: str, path: str, **context: Any) -> bool:
    """Write to a person who is (still) there: the message's name below `workflows/email`, and the page that it is about; say whether it is on its way."""
    if not person.is_active:
        return False
    context |= {"url": current_tenant().address(path)}
    try:
        with transaction.atomic():
            mails.send(f"workflows/email/{message}", to=person.email, language=person.language, **context)
    except DomainError as error:
        log.warning("message_not_queued", message=message, reason=error.code)
        return False
    return True
