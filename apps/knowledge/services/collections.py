"""What can be done with collections: make one, have it found by another model, search."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services.sharing import give_to_maker, may_manage
from apps.audit.services.trail import record
from apps.core.errors import Conflict, Forbidden, InvalidInput
from apps.core.permissions import require
from apps.jobs import services as jobs
from apps.jobs.types import DOCUMENTS
from apps.knowledge import actions
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.moving import MOVE
from apps.knowledge.search import SEARCHES, explain, search
from apps.knowledge.types import NO_FILTERS, Filters, Hit
from apps.providers.models import ProviderModel


@transaction.atomic
def create_collection(*, actor: Any, name: str, description: str = "") -> KnowledgeBase:
    """Create a collection. Raises Forbidden, InvalidInput for a name that is empty or taken."""
    require(actor, "knowledge.add_knowledgebase")
    name = name.replace("\0", "").strip()
    if not name:
        raise InvalidInput(_("Give the collection a name."), field="name")
    if KnowledgeBase.objects.filter(name__iexact=name).exists():
        raise InvalidInput(_("There is a collection with this name."), field="name")
    base = KnowledgeBase.objects.create(name=name[:120], description=description.strip()[:300])
    give_to_maker(shared=base, maker=actor)
    record(actions.COLLECTION_CREATED, actor=actor, target=base)
    return base


@transaction.atomic
def choose_model(*, actor: Any, knowledge_base: KnowledgeBase, model: ProviderModel | None) -> None:
    """Have a collection found by meaning with another model; None is the built-in one. Its passages are embedded in the background.

    Raises Forbidden, InvalidInput for a model that makes no vectors, Conflict while the collection is moving already.
    """
    require_manager(actor, knowledge_base)
    if model is not None and (model.purpose != ProviderModel.Purpose.EMBEDDING or not model.dimensions):
        raise InvalidInput(_("Choose a model for embeddings."), field="model")
    base = KnowledgeBase.objects.select_for_update().get(pk=knowledge_base.pk)
    if base.is_moving:
        raise Conflict(_("The collection is changing its model already."))
    chosen = model.pk if model else None
    if base.embedding_model_id == chosen:
        return
    KnowledgeBase.objects.filter(pk=base.pk).update(
        next_model_id=chosen, is_moving=True, moved_percent=0, move_error=""
    )
    jobs.enqueue(kind=MOVE, queue=DOCUMENTS, object_id=base.pk, dedupe_key=f"{MOVE}:{base.pk}")
    names = ("built-in" if not base.embedding_model_id else str(base.embedding_model), str(model or "built-in"))
    record(actions.COLLECTION_MOVED, actor=actor, target=base, before={"model": names[0]}, after={"model": names[1]})


@transaction.atomic
def stop_moving(*, actor: Any, knowledge_base: KnowledgeBase) -> None:
    """Leave a collection with the model that it has; what was embedded with the other one goes. Raises Forbidden, Conflict."""
    require_manager(actor, knowledge_base)
    if not jobs.cancel(object_id=knowledge_base.pk, kind=MOVE):
        raise Conflict(_("The collection is not changing its model."))
    record(actions.COLLECTION_MOVE_STOPPED, actor=actor, target=knowledge_base)


@transaction.atomic
def choose_ranking(*, actor: Any, knowledge_base: KnowledgeBase, is_reranked: bool) -> None:
    """Have the best ten of a search in a collection ordered by their best sentence, or not. Raises Forbidden."""
    require_manager(actor, knowledge_base)
    if not KnowledgeBase.objects.filter(pk=knowledge_base.pk, is_reranked=not is_reranked).update(
        is_reranked=is_reranked
    ):
        return
    SEARCHES.forget()
    record(actions.COLLECTION_RANKED, actor=actor, target=knowledge_base, after={"is_reranked": is_reranked})


def require_manager(actor: Any, base: KnowledgeBase) -> None:
    """Raise Forbidden unless the actor manages the collection."""
    if not may_manage(actor, base):
        raise Forbidden(_("Only those who manage this collection choose its model."))


def require_editable(actor: Any, base: KnowledgeBase) -> None:
    """Raise Forbidden unless the actor may add to the collection."""
    if actor is not None and not KnowledgeBase.objects.editable_by(actor).filter(pk=base.pk).exists():
        raise Forbidden(_("You may not do this. Your administrator can give you access."))


def search_documents(
    *,
    actor: Any,
    query: str,
    bases: Sequence[KnowledgeBase] | None = None,
    filters: Filters = NO_FILTERS,
    limit: int = 8,
    is_explained: bool = False,
) -> list[Hit]:
    """Search what a person may see, in all collections or some, in all documents or those that fit the filters.

    `is_explained`: each hit says what its score is made of.

    Raises InvalidInput for an empty query.
    """
    if not query.strip():
        raise InvalidInput(_("Write what you are looking for."), field="query")
    visible = KnowledgeBase.objects.visible_to(actor)
    if bases is not None:
        visible = visible.filter(pk__in=[base.pk for base in bases])
    find = explain if is_explained else search
    return find(query, list(visible), filters=filters, limit=max(1, min(limit, 50)))
