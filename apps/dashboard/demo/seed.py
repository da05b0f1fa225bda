"""Create the demo tenants and what is in them; what stands is left as it is."""

from pathlib import Path

from django.conf import settings
from django.core.files import File

from apps.accounts.grants import USE
from apps.accounts.models import User
from apps.accounts.roles import MEMBER, OWNER
from apps.accounts.services.members import create_operator, create_user
from apps.accounts.services.sharing import share
from apps.agents.models import Agent
from apps.core.tenancy import tenant_context
from apps.knowledge.models import KnowledgeBase
from apps.knowledge.services import upload_document
from apps.projects.registry import assignables
from apps.projects.services import assign, begin_project
from apps.prompts.services.library import create_prompt, set_label
from apps.prompts.types import Variable
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
        manager = User.objects.get(email__startswith=ADMIN)
        _add_form(manager)
        _begin_project(manager)
        base = KnowledgeBase.objects.get()
        for path in sorted((FOLDER / slug).iterdir()):
            with path.open("rb") as source:
                upload_document(actor=None, knowledge_base=base, upload=File(source, name=path.name))  # type: ignore[arg-type]


def _add_form(manager: User) -> None:
    """Have an agent with a form beside the first one, which is asked in conversations."""
    variables = [
        Variable("topic", help="What it is about, in a few words"),
        Variable("reader", "choice", default="staff", choices=("staff", "managers", "the works council")),
    ]
    text = "What do our documents say about {{ topic }}? Write a brief for {{ reader }}, with every rule that applies."
    prompt = create_prompt(
        actor=manager,
        name="Policy brief",
        text=text,
        description="What the documents say on a topic.",
        variables=variables,
    )
    version = prompt.versions.get()
    set_label(actor=manager, prompt=prompt, name="production", version=version)
    agent = Agent.objects.create(
        name="Policy brief",
        description="Sums up for a reader what your documents say on a topic.",
        icon="file-text",
        tint=Agent.Tint.INFO,
        form=prompt,
        form_label="production",
    )
    agent.knowledge_bases.add(*KnowledgeBase.objects.all())


def _begin_project(manager: User) -> None:
    """Have the two people work together in a project, with the agents and the collection."""
    project = begin_project(
        actor=manager, name="New colleagues", description="Questions of people who begin this year."
    )
    for kind in assignables():
        for thing in kind.rows():
            assign(actor=manager, project=project, kind=kind, thing=thing)
    for person in User.objects.exclude(pk=manager.pk):
        share(actor=manager, shared=project, to=person, level=USE)
