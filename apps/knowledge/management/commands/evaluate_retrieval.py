"""`manage.py evaluate_retrieval PARAGRAPHS QUESTIONS --json`: how well search finds and quoting answers."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.tenancy import public_context, tenant_context
from apps.knowledge.evaluation import evaluate, read_lines
from apps.knowledge.search import VECTOR_WEIGHT
from apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Measure retrieval and extractive answers on a labelled question set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paragraphs", type=Path, help="JSON lines: id, title, text")
        parser.add_argument("questions", type=Path, help="JSON lines: id, pid, q, answers")
        parser.add_argument("--tenant", default="", help="whose schema to work in; default: the first")
        parser.add_argument("--every", type=int, default=1, help="ask only each nth question")
        parser.add_argument(
            "--meaning",
            type=float,
            nargs="+",
            default=[VECTOR_WEIGHT],
            help="share of meaning in the score, 0 to 1; several: each is measured",
        )
        parser.add_argument("--rerank", action="store_true", help="order the best ten by their best sentence")
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
            tallies = evaluate(
                paragraphs, questions[:: max(1, options["every"])], options["meaning"], is_reranked=options["rerank"]
            )
        took_s = round(time.monotonic() - started, 1)
        for share, tally in zip(options["meaning"], tallies, strict=True):
            figures = {"meaning": share, **tally.figures(), "questions": tally.questions, "took_s": took_s}
            if options["json"]:
                self.stdout.write(json.dumps(figures))
            else:
                self.stdout.write("\n".join(f"{name:12} {value}" for name, value in figures.items()))
