"""docs/blueprints.md, followed word for word: what the generator makes works, and so does the example."""

import re
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import apps.blueprints
from apps.agents.blueprints.registry import add_blueprint, drop_blueprint
from apps.agents.models import Agent
from apps.agents.services import form_runs, studio
from apps.blueprints.apps import found_in
from apps.providers.models import ProviderModel
from tests.agents.test_runs import finished
from tests.standin.server import says

pytestmark = pytest.mark.django_db
GUIDE = (Path(__file__).resolve().parents[2] / "docs/blueprints.md").read_text()
FILES = re.compile(r"`([\w/]+\.(?:py|md))`[^`\n]*\n?[^`\n]*:\n\n```(?:python|markdown)\n(.*?)```", re.DOTALL)
NOTES = re.search(r"```text\n(.*?)```", GUIDE, re.DOTALL)[1]


@pytest.fixture
def made(tmp_path, settings, monkeypatch):
    """The folder that the command of the guide makes; its modules and its blueprint are forgotten afterwards."""
    settings.BASE_DIR = tmp_path
    inside = tmp_path / "apps/blueprints"
    inside.mkdir(parents=True)
    (inside / "__init__.py").touch()
    monkeypatch.setattr(apps.blueprints, "__path__", [str(inside)])
    [command] = re.findall(r"manage.py (start_blueprint .+)", GUIDE)
    name, *arguments = re.findall(r'"[^"]*"|\S+', command)
    call_command(name, *[argument.strip('"') for argument in arguments])
    yield inside / "meeting_actions"
    drop_blueprint("meeting_actions")
    for module in [key for key in sys.modules if key.startswith("apps.blueprints.meeting_actions")]:
        del sys.modules[module]


def agent_of(admin_user):
    [blueprint] = found_in("apps.blueprints")
    add_blueprint(blueprint)
    return studio.save_agent(actor=admin_user, values={"name": "Minutes"}, blueprint=blueprint)


def ran(actor, agent, work, **values):
    run = form_runs.start_form_run(actor=actor, agent=agent, given=values)
    work("agents")
    return finished(run)


def test_what_is_made_works_as_it_is(made, in_acme, admin_user, work):
    run = ran(admin_user, agent_of(admin_user), work, text="one two three")
    assert (run.state, run.result) == ("succeeded", {"words": 3})
    assert (made / "blueprint.py").read_text().startswith('"""Meeting actions, ')


def follow(folder):
    written = dict(FILES.findall(GUIDE))
    assert set(written) == {
        "results.py",
        "steps.py",
        "blueprint.py",
        "prompts/subject.md",
        "prompts/instructions.md",
    }
    for name, text in written.items():
        (folder / name).write_text(text)


def test_the_example_works_on_the_built_in_model(made, in_acme, admin_user, work):
    follow(made)
    run = ran(admin_user, agent_of(admin_user), work, notes=NOTES)
    assert run.result == {
        "subject": None,
        "actions": [
            {"who": "Amina", "what": "call the landlord", "line": 2},
            {"who": "Jonas", "what": "measure the wall", "line": 3},
        ],
    }
    assert "| Amina | call the landlord | 2 |" in run.answer
    assert Agent.objects.get(name="Minutes").instructions == "You write minutes. Keep to the notes."


def test_the_example_has_a_model_say_the_rest(made, in_acme, admin_user, work, scripted):
    follow(made)
    agent = agent_of(admin_user)
    Agent.objects.filter(pk=agent.pk).update(model=ProviderModel.objects.get(name="scripted"))
    scripted.script(says('{"sentence": "It was about the roof."}'))
    run = ran(admin_user, agent, work, notes=NOTES)
    assert run.result["subject"] == "It was about the roof."
    asked = scripted.asked[0].body["messages"]
    assert "Keep to the notes" in asked[0]["content"] and "We met on the roof." in asked[-1]["content"]


def test_notes_without_actions_say_what_to_write(made, in_acme, admin_user, work):
    follow(made)
    run = ran(admin_user, agent_of(admin_user), work, notes="We met on the roof.")
    assert run.state == "failed"
    assert "Amina will call the landlord" in run.error


@pytest.mark.parametrize("name", ["Meeting", "2meet", "a-b", "é", "a" * 41])
def test_a_name_that_is_none_is_refused(made, name):
    with pytest.raises(CommandError, match="small letters"):
        call_command("start_blueprint", name)


def test_what_stands_is_not_written_over(made):
    with pytest.raises(CommandError, match="stands already"):
        call_command("start_blueprint", "meeting_actions")


def test_a_package_that_is_not_there_is_refused(made):
    with pytest.raises(CommandError, match="There is no package"):
        call_command("start_blueprint", "other", package="apps.blueprints.gone")
