"""`manage.py ask --tenant acme "…"`: ask an agent through the same services as page and API, and print the answer."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.agents.models import Agent
from apps.conversations import services
from apps.conversations.models import Message
from apps.core.errors import DomainError
from apps.core.tenancy import tenant_context
from apps.jobs.types import AGENTS
from apps.jobs.worker import drain
from apps.tenants.hosts import tenant_for_slug


class Command(BaseCommand):
    help = "Ask an agent of a tenant and print the answer with its sources."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--tenant", required=True, help="the tenant's short name")
        parser.add_argument("--agent", default="", help="the agent's name; default: the first")
        parser.add_argument("--user", default="", help="ask as this e-mail address; default: the first person")
        parser.add_argument("--json", action="store_true", help="print JSON: answer, citations, state")
        parser.add_argument("--timeout", type=float, default=120.0, help="seconds to wait")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_for_slug(options["tenant"])
        if tenant is None:
            raise CommandError(f"There is no tenant named {options['tenant']}.")
        with tenant_context(tenant):
            message = self._ask(options)
            message = self._wait(message, tenant, options["timeout"])
            self._print(message, as_json=options["json"])

    def _ask(self, options: dict[str, Any]) -> Message:
        people = User.objects.filter(is_active=True).order_by("created_at")
        user = people.filter(email__iexact=options["user"]).first() if options["user"] else people.first()
        if user is None:
            raise CommandError("There is no such person in this tenant.")
        agents = Agent.objects.usable_by(user)
        agent = agents.filter(name__iexact=options["agent"]).first() if options["agent"] else agents.first()
        if agent is None:
            raise CommandError("There is no such agent in this tenant.")
        try:
            return services.start_conversation(actor=user, agent=agent, text=options["question"])
        except DomainError as error:
            raise CommandError(str(error.message)) from error

    def _wait(self, message: Message, tenant: Any, timeout_s: float) -> Message:
        """Wait for the workers; work on the queue here as well, so that no worker is needed."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            drain(AGENTS, deadline_s=1.0)
            message = Message.objects.select_related("run").get(pk=message.pk)
            if message.run is None or message.run.is_final:
                return message
            time.sleep(0.1)
        raise CommandError("The answer did not come in time; the run goes on.")

    def _print(self, message: Message, *, as_json: bool) -> None:
        assert message.run is not None
        citations = [
            {"number": c.number, "document": c.document_name, "heading": c.heading, "page": c.page, "quote": c.quote}
            for c in message.citations.filter(is_cited=True)
        ]
        if as_json:
            answer = {"answer": message.text, "citations": citations, "state": message.run.state}
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(message.text + "\n")
            for c in citations:
                place = ", ".join(filter(None, [f"page {c['page']}" if c["page"] else "", str(c["heading"])]))
                self.stdout.write(f"[{c['number']}] {c['document']}" + (f" ({place})" if place else ""))
        if message.run.state != message.run.State.SUCCEEDED:
            self.stderr.write(message.run.error or message.run.get_state_display())
            sys.exit(1)
