"""Create the demo tenants and what is in them; what stands is left as it is."""

from pathlib import Path

from django.conf import settings
from django.core.files import File

from apps.accounts.roles import MEMBER, OWNER
from apps.accounts.services.members import create_operator, create_user
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.services import upload_document
from apps.tenants.hosts import tenant_for_slug
from apps.tenants.services import provision_tenant

FOLDER = Path(__file__).parent
TENANTS = {"acme": "Acme Engineering", "globex": "Globex Logistics"}
PEOPLE = {"amina": "Amina Haddad", "jonas": "Jonas Lind"}
ADMIN = "amina"
OPERATOR = "operator@guildhall.example"


def seed_demo() -> None:
    """Create an operator, and acme and globex with people, a collection and sample documents."""
    if settings.DEMO_PASSWORD:
        create_operator(email=OPERATOR, name="Olga Operator", password=settings.DEMO_PASSWORD)
    for slug, name in TENANTS.items():
        if tenant_for_slug(slug) is None:
            _seed(slug, name)


def _seed(slug: str, name: str) -> None:
    tenant = provision_tenant(slug=slug, name=name)
    with tenant_context(tenant):
        password = settings.DEMO_PASSWORD or None
        for login, person in PEOPLE.items():
            role = OWNER if login == ADMIN else MEMBER
            create_user(email=f"{login}@{slug}.example", name=person, password=password, role=role)
        base = KnowledgeBase.objects.get()
        for path in sorted((FOLDER / slug).iterdir()):
            with path.open("rb") as source:
                upload_document(actor=None, knowledge_base=base, upload=File(source, name=path.name))  # type: ignore[arg-type]
