"""What each code of a problem detail means and what to do about it: the page to which the `type` of an error leads.

tests/checks/test_problems.py finds every code that is raised and looks for it here.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PROBLEMS: dict[str, tuple[str, Promise]] = {
    "bomb": ("422", _("The file unpacks to far more than a document holds, so it was not opened.")),
    "corrupt": ("422", _("The file is damaged and could not be opened.")),
    "encrypted": ("422", _("The file is protected by a password. Save it without one and upload it again.")),
    "evaluation_running": ("409", _("The evaluation set runs at the moment. Wait until it has ended, or stop it.")),
    "guarded": ("409", _("An evaluation set guards the agent. Change a draft of it, and publish that when it passes.")),
    "in_experiment": ("409", _("The draft answers people in an experiment. End that first.")),
    "not_evaluated": (
        "409",
        _("An evaluation set guards the agent. Run it on the draft and on what is published, as they are now."),
    ),
    "packed": ("422", _("The file is an archive. Unpack it, and give what is in it.")),
    "no_text": ("422", _("No text was found in the file.")),
    "no_page": ("422", _("The document has no such page.")),
    "answer_running": ("409", _("An answer is being written in this conversation. Wait for it, or cancel its run.")),
    "arguments_changed": (
        "409",
        _("What was decided about is not what waits now. Read the approval again and send its `digest`."),
    ),
    "authentication_failed": (
        "401",
        _("The token or key is not valid here, or its account is suspended. Sign in again, or make another key."),
    ),
    "bad_request": ("400", _("The address or the body cannot be read at all.")),
    "budget_spent": (
        "429",
        _(
            "A budget that applies is used up. `Retry-After` says when its next period begins; whoever keeps it can add to it."
        ),
    ),
    "changed": ("409", _("The draft is not the one that was looked at. Read it again.")),
    "channel_exists": ("409", _("Alerts already go to this address.")),
    "conflict": ("409", _("It is in a state that does not allow this. `detail` says which.")),
    "empty": ("422", _("The file has no content.")),
    "fault": (
        "500",
        _("Something went wrong in Guildhall. Give `request_id` to whoever runs it: it finds the fault in the logs."),
    ),
    "forbidden": (
        "403",
        _("You see it and may not do this. Ask whoever manages it, or use an account with the right."),
    ),
    "idempotency_key_in_use": (
        "409",
        _("The first request with this `Idempotency-Key` is still being worked on. Send it again in a moment."),
    ),
    "idempotency_key_reused": (
        "409",
        _("This `Idempotency-Key` was used for another request in the last 24 hours. Take a new key for each request."),
    ),
    "identity_needed": (
        "403",
        _("The chat is for those whom its site names. Send `identity`, or a `token` that was given for one."),
    ),
    "identity_refused": (
        "403",
        _(
            "`identity` has to be a JSON Web Token with `sub` and `exp`, HS256 with the widget's secret, for at most a day."
        ),
    ),
    "invalid": ("400", _("The request asks for something that cannot be. `detail` says what.")),
    "invalid_input": (
        "422",
        _("Something in the body or the query is not valid. `errors` has sentences by field; nothing was stored."),
    ),
    "kept": ("409", _("There is a checklist of this run already.")),
    "key_ended": ("409", _("The key is revoked or has expired, so it cannot be rotated. Make another one.")),
    "last_owner": ("409", _("The organisation would be left without an owner. Make somebody else an owner first.")),
    "method_not_allowed": ("405", _("The address does not take this method; `Allow` lists those that it takes.")),
    "mfa_code_wrong": ("401", _("The code of the second factor is wrong or was used before. Wait for the next one.")),
    "mfa_missing": (
        "401",
        _("The organisation demands a second factor, and this account has none yet. Set it up on the pages."),
    ),
    "mfa_required": ("401", _("The account has a second factor. Send its code as `code`.")),
    "migrating": ("503", _("The organisation is being updated. Try again when `Retry-After` says so.")),
    "no_agenda": ("409", _("The result of this run proposes nothing that is to be done.")),
    "no_workflow": ("422", _("The agent that writes workflows is not there.")),
    "not_acceptable": ("406", _("No answer can be given in a form that `Accept` names.")),
    "not_authenticated": ("401", _("Send `Authorization: Bearer` with an access token or an API key.")),
    "not_failed": ("409", _("It was delivered, or is still on its way, so it is not sent again.")),
    "not_found": ("404", _("Nothing is there, or you may not see it: the two are answered alike.")),
    "not_signed_in": ("401", _("Address and password do not fit, or there were too many tries.")),
    "not_waiting": ("409", _("It was decided already, or nobody needs to decide any more.")),
    "other_offset": (
        "409",
        _("The upload stands at another byte. Ask with HEAD where it stands, and go on from there."),
    ),
    "parse_error": ("400", _("The body is not what its `Content-Type` says, for example no valid JSON.")),
    "permission_denied": ("403", _("The account lacks the right, or the key lacks the scope. `detail` may name it.")),
    "personal_details": ("422", _("The text has personal details that this agent does not take. Leave them out.")),
    "plan_spent": ("429", _("The allowance of the organisation's plan is used up. Its operator can raise it.")),
    "precondition_failed": (
        "412",
        _("It was changed since you read it under the `ETag` that `If-Match` names. Read it again, then decide."),
    ),
    "regression": ("409", _("The draft passes fewer cases of a guarding evaluation set than what is published.")),
    "rule_blocked": ("422", _("A rule of the agent does not let this through.")),
    "sign_in_failed": ("422", _("One cannot sign in at the connected service. `detail` says why.")),
    "slug_taken": ("409, 422", _("An organisation has this name in its address already.")),
    "sso_only": ("403", _("The organisation signs in at its identity provider alone. Use that, or an API key.")),
    "standing_still": ("409", _("Agents stand still here just now. Those who manage them can start them again.")),
    "support_open": ("409", _("Access for the operator is open already. End it first.")),
    "tenant_mismatch": ("400", _("The host, the `X-Tenant` header and the key name different organisations.")),
    "throttled": ("429", _("Too many requests. `Retry-After` says when to come back.")),
    "token_not_valid": ("401", _("The token has expired or was taken back. Refresh it, or sign in again.")),
    "too_large": ("413", _("It is larger than what is taken. `detail` says how large it may be.")),
    "too_long": ("422", _("The text is longer than what an agent takes.")),
    "too_many_files": ("422", _("There are more files than what one request takes.")),
    "too_many_requests": (
        "429",
        _("Too many requests, or too much work waits already. `Retry-After` says when to come back."),
    ),
    "tus_version": ("412", _("Uploads in parts speak version 1.0.0 of tus. Send `Tus-Resumable: 1.0.0`.")),
    "unavailable": (
        "503",
        _(
            "Something that is needed is away: a service, a provider, or a place in the queue. Try again when `Retry-After` says so."
        ),
    ),
    "uniqueness": ("409", _("A person or group with this name is there already (SCIM).")),
    "unknown_tenant": ("404", _("No organisation lives at this address.")),
    "unreadable_description": ("422", _("The OpenAPI description of the service cannot be used. `detail` says why.")),
    "unsupported_media_type": ("415", _("The body has a `Content-Type` that the address does not take.")),
    "workflow_has_problems": (
        "409, 422",
        _("The workflow cannot start as it is. Its `problems` say which step and why."),
    ),
}
"""By code: the status or statuses it comes with, and a sentence."""
