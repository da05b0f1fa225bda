"""What a button does: done, or the reason said on the page where it was pressed."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from apps.core.errors import DomainError, Forbidden


def is_done(request: HttpRequest, act: Callable[..., Any]) -> bool:
    """Have something done for the person; False with the reason as a message where it cannot be. Raises Forbidden."""
    try:
        act(actor=request.user)
    except Forbidden:
        raise
    except DomainError as error:
        messages.error(request, str(error.message))
        return False
    return True
