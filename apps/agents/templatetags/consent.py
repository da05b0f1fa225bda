"""Who decides, in words."""

from django import template

from apps.accounts.templatetags.roles import role_name
from apps.agents.models import Approval

register = template.Library()


@register.filter
def deciders(approval: Approval) -> str:
    """Name the role or group that decides; by its former name once it is gone, "" when nobody is named."""
    return role_name(approval.approvers) if approval.approvers else approval.approvers_name
