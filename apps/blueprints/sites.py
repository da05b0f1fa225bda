"""Connected services as steps use them: which of the agent's is meant, and what it answers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.agents.blueprints import Desk, StepFailed


def site_of(desk: Desk, tool: str, missing: str) -> str:
    """Return what the names of a service's tools begin with: of the one that was named, or the only one that has a tool with such an end.

    Raises StepFailed: with `missing` where there is none.
    """
    sites = [name.removesuffix(tool) for name in desk.tools() if name.endswith(tool)]
    wanted = desk.values.get("site", "").strip().lower().replace("-", "_").replace(" ", "_")
    if wanted:
        sites = [site for site in sites if site == wanted]
    if not sites:
        raise StepFailed(missing)
    if len(sites) > 1:
        raise StepFailed(_("This agent has several: %(sites)s. Say which.") % {"sites": ", ".join(sites)})
    return sites[0]


def asked(desk: Desk, key: str, tool: str, **arguments: Any) -> Mapping[str, Any]:
    """Use a tool of a service. Raises StepFailed with what it answered."""
    told = desk.use(key, tool, **arguments)
    if "error" in told:
        raise StepFailed(str(told["error"]))
    return told
