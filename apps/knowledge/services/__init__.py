"""What can be done with knowledge: `collections`, `documents`, `passages`. Those that other apps use are named here."""

from apps.knowledge.services.collections import (
    choose_model,
    choose_ranking,
    create_collection,
    require_editable,
    require_manager,
    search_documents,
    stop_moving,
)
from apps.knowledge.services.documents import (
    checked_tags,
    delete_document,
    may_change,
    page_picture,
    paste_document,
    read_again,
    retry_document,
    tag_document,
    upload_document,
)
from apps.knowledge.storing import checked_file, store_file

__all__ = [
    "checked_file",
    "checked_tags",
    "choose_model",
    "choose_ranking",
    "create_collection",
    "delete_document",
    "may_change",
    "page_picture",
    "paste_document",
    "read_again",
    "require_editable",
    "require_manager",
    "retry_document",
    "search_documents",
    "stop_moving",
    "store_file",
    "tag_document",
    "upload_document",
]
