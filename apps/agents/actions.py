"""What people do with agents, as the audit names it."""

from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action, Severity

RUN_STARTED = Action("run.started", _("started a run"))
RUN_CANCELLED = Action("run.cancelled", _("stopped a run"))
AGENT_ADDED = Action("agent.added", _("made an agent"))
AGENT_CHANGED = Action("agent.changed", _("changed an agent"))
AGENT_SWITCHED_ON = Action("agent.switched_on", _("switched an agent on"))
AGENT_SWITCHED_OFF = Action("agent.switched_off", _("switched an agent off"))
AGENT_DRAFTED = Action("agent.drafted", _("began a draft of an agent"))
AGENT_DRAFT_DISCARDED = Action("agent.draft_discarded", _("threw the draft of an agent away"))
AGENT_PUBLISHED = Action("agent.published", _("published the draft of an agent"))
AGENT_RESTORED = Action("agent.restored", _("took an agent back to a version"))
AGENT_BEHAVIOUR_CHANGED = Action("agent.behaviour_changed", _("changed how an agent answers"))
PERSONALITY_ADDED = Action("personality.added", _("wrote a personality"))
PERSONALITY_CHANGED = Action("personality.changed", _("changed a personality"))
PERSONALITY_REMOVED = Action("personality.removed", _("removed a personality"))
RULE_SET_ADDED = Action("rule_set.added", _("wrote a set of rules"))
RULE_SET_CHANGED = Action("rule_set.changed", _("changed a set of rules"))
RULE_SET_REMOVED = Action("rule_set.removed", _("removed a set of rules"))
RULE_BLOCKED = Action("rule.blocked", _("was stopped by a business rule"), Severity.LOW, grows_at=(20, 200))
AGENT_TOOLS_CHANGED = Action("agent.tools_changed", _("changed the tools of an agent"))
APPROVAL_ASKED = Action("approval.asked", _("had an agent ask before it acts"))
APPROVAL_EDITED = Action("approval.edited", _("changed what an agent wants to do"))
APPROVAL_GIVEN = Action("approval.given", _("approved what an agent wants to do"))
APPROVAL_DECLINED = Action("approval.declined", _("declined what an agent wants to do"))
APPROVAL_EXPIRED = Action("approval.expired", _("let the time for a decision pass"))
CONSENT_GIVEN = Action("consent.given", _("let an agent use a tool without asking"))
CONSENT_REVOKED = Action("consent.revoked", _("has an agent ask again before a tool"))
