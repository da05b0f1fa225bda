"""`manage.py build_embedding_model`: write the built-in embedding model's graph once, at set-up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.providers.registry import prepare_embedding_model


class Command(BaseCommand):
    help = "Build the embedding model from the installed wheel; does nothing when it is there."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            is_new = prepare_embedding_model()
        except ValueError as error:
            raise CommandError(str(error)) from error
        if is_new:
            self.stdout.write("The embedding model is ready.")
