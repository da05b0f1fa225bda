"""`manage.py evaluate_retrieval PARAGRAPHS QUESTIONS --json`: how well search finds and quoting answers."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.tenancy import public_context, tenant_context
from apps.knowledge.evaluation import evaluate, read_lines
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Measure retrieval and extractive answers on a labelled question set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paragraphs", type=Path, help="JSON lines: id, title, text")
        parser.add_argument("questions", type=Path, help="JSON lines: id, pid, q, answers")
        parser.add_argument("--tenant", default="", help="whose schema to work in; default: the first")
        parser.add_argument("--every", type=int, default=1, help="ask only each nth question")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with public_context():
            tenants = Tenant.objects.filter(state=Tenant.State.ACTIVE).order_by("created_at")
            tenant = (tenants.filter(slug=options["tenant"]) if options["tenant"] else tenants).first()
        if tenant is None:
            raise CommandError("There is no such tenant. Create one with provision_tenant.")
        try:
            paragraphs, questions = read_lines(options["paragraphs"]), read_lines(options["questions"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        started = time.monotonic()
        with tenant_context(tenant):
            tally = evaluate(paragraphs, questions[:: max(1, options["every"])])
        figures = {**tally.figures(), "questions": tally.questions, "took_s": round(time.monotonic() - started, 1)}
        if options["json"]:
            self.stdout.write(json.dumps(figures))
        else:
            for name, value in figures.items():
                self.stdout.write(f"{name:12} {value}")
