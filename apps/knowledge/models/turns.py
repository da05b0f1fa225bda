"""What a large document's reading has done so far: it works in turns, and goes on where it was when its worker dies."""

from django.db import models

from apps.knowledge.models.collections import Document


class Reading(models.Model):
    """The pieces that a document is to become ([text, headings, page] each); gone once they are stored."""

    document = models.OneToOneField(Document, on_delete=models.CASCADE, primary_key=True, related_name="+")
    pieces = models.JSONField()

    def __str__(self) -> str:
        return str(self.document_id)


class ReadingTurn(models.Model):
    """Vectors of the pieces from `position` on: (n, dimensions) as float32, of one embedding model's `space`."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    space = models.UUIDField()
    vectors = models.BinaryField()

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("reading", "position"), name="turn_stored_once"),)

    def __str__(self) -> str:
        return f"{self.reading_id}, {self.position}"


class ReadPage(models.Model):
    """What was read of a page that is a picture, or that the engine gave up on it; gone once the document is stored."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    page = models.PositiveIntegerField()
    texts = models.JSONField()
    is_given_up = models.BooleanField(default=False)

    class Meta:
        ordering = ("page",)
        constraints = (models.UniqueConstraint(fields=("document", "page"), name="page_read_once"),)

    def __str__(self) -> str:
        return f"{self.document_id}, {self.page}"
