"""Scripts run shut in, in the tier that is there, and come to an end; where there is no tier nothing is run."""

import json
import shutil
import socket
import subprocess
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.services import sharing
from apps.agents import places
from apps.agents.sandbox import scripts
from apps.agents.sandbox.base import NoSandbox, ProgramFailed, Script, ScriptLimits
from apps.agents.sandbox.bubblewrap import Bubblewrap
from apps.agents.sandbox.container import Container
from apps.agents.services import tools
from apps.agents.services.runs import start_run
from apps.knowledge.services import upload_document
from tests.agents import image
from tests.agents.test_runs import finished
from tests.standin.server import calls, says


SHORT = ScriptLimits(seconds=3.0)


def has_bubblewrap():
    """Say whether bubblewrap itself can shut something in on this machine, whatever we make of it."""
    program = shutil.which("bwrap")
    walls = ["--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]
    return bool(program) and subprocess.run([program, *walls], capture_output=True, check=False).returncode == 0


def has_containers():
    return bool(shutil.which("docker")) and not subprocess.run(["docker", "info"], capture_output=True).returncode


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            "bubblewrap", marks=pytest.mark.skipif(not has_bubblewrap(), reason="bubblewrap runs nothing here")
        ),
        pytest.param("container", marks=pytest.mark.skipif(not has_containers(), reason="no container daemon here")),
    ],
)
def tier(request):
    return Bubblewrap() if request.param == "bubblewrap" else Container(image.build())


@pytest.fixture
def run(tier):
    def call(code, *, files=None, wanted=(), limits=SHORT):
        return scripts.run(tier, Script({**(files or {}), "main.py": code.encode()}, ("main.py",), wanted), limits)

    return call


def test_files_go_in_and_come_back(run):
    code = "import json\ntotal = sum(json.load(open('in.json')))\nopen('out.txt', 'w').write(str(total))\nprint('so')"
    ended = run(code, files={"in.json": b"[1, 2, 39]"}, wanted=("out.txt", "never.txt", "link"))
    assert (ended.status, ended.output, ended.files) == (0, "so\n", {"out.txt": b"42"})


def test_error_is_told_with_its_line(run):
    ended = run("print('first')\n1 / 0")
    assert ended.status == 1 and "line 2" in ended.output and "ZeroDivisionError" in ended.output


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "open('/proc/1/environ').read()",
        "import os; os.listdir('/proc/1/root')",
        "import socket; socket.create_connection(('127.0.0.1', PORT), 1)",
        "import socket; socket.create_connection(('1.1.1.1', 443), 1)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "open('/usr/made', 'w')",
        "open('/dev/sda', 'rb')",
        "open('/proc/sys/kernel/hostname', 'w').write('mine')",
        "import os; os.setuid(0)",
        "import os; os.chroot('/')",
        "import os; os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0))",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0, 'no namespace of a user'",
        "import ctypes; assert ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, 0) == 0, 'no mount'",
        "import ctypes; assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0, 'no look into the first process'",
        "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))",
    ],
)
def test_reaches_nothing(run, live_port, code):
    ended = run(code.replace("PORT", str(live_port)))
    assert ended.status == 1 and "Error" in ended.output.splitlines()[-1]


@pytest.fixture(scope="module")
def live_port():
    """A port of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


LOOK_AROUND = """
import json, os, sys
mine, seen = (sys.prefix, sys.base_prefix), []
for top in ("/home", "/etc", "/root", "/var", "/srv", "/opt", "/run", "/mnt", "/media"):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not os.path.join(folder, name).startswith(mine)]
        seen += [path for name in names if os.path.getsize(path := os.path.join(folder, name))]
processes = [name for name in os.listdir("/proc") if name.isdigit()]
print(json.dumps({"variables": sorted(os.environ), "processes": len(processes), "seen": seen}))
"""


def test_sees_nothing_of_the_host(run, monkeypatch):
    monkeypatch.setenv("CANARY", "of this process")
    ended = run(LOOK_AROUND)
    assert ended.status == 0, ended.output
    told = json.loads(ended.output)
    assert "HOME" in told["variables"] and "CANARY" not in told["variables"]
    assert told["processes"] == 2, "itself, and the first process of its sandbox"
    ours = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "inside.py")  # of the container, and what runs there
    assert [path for path in told["seen"] if not path.endswith(ours)] == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("while True: pass", "3 seconds"),
        ("import time; time.sleep(60)", "3 seconds"),
        (
            "import os\nfor _ in range(3): os.fork()\nos.setsid() if os.getpid() % 2 else None\nwhile True: pass",
            "3 seconds",
        ),
        ("import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(60)", "3 seconds"),
    ],
)
def test_is_stopped(run, code, why):
    started = time.monotonic()
    with pytest.raises(ProgramFailed, match=why):
        run(code)
    assert time.monotonic() - started < SHORT.seconds + 5


def test_memory_is_that_of_all_its_processes(run):
    code = "import os\nfor _ in range(3): os.fork()\nheld = bytearray(300 << 20)\nfor at in range(0, len(held), 4096): held[at] = 1\nimport time; time.sleep(60)"
    with pytest.raises(ProgramFailed, match="768 MB of memory"):
        run(code, limits=ScriptLimits(seconds=40))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("held = []\nwhile True: held.append(bytearray(10 << 20))", "MemoryError"),
        (
            "import os\nchildren = 0\nwhile True:\n    if os.fork() == 0:\n        import time; time.sleep(60)",
            "BlockingIOError",
        ),
        ("for n in range(100): open(str(n), 'wb').write(b'x' * (10 << 20))", "No space left"),
        ("import os\nos.kill(1, 9)\nos.kill(1, 19)\nraise OSError('still here')", "still here"),
        ("files = [open('a', 'w') for _ in range(1000)]", "Too many open files"),
    ],
)
def test_takes_no_more_than_it_may(run, code, said):
    ended = run(code)
    assert ended.status == 1 and said in ended.output


def test_what_it_prints_is_cut(run):
    ended = run("print('x' * 10_000_000)")
    assert ended.status == 0 and ended.output.endswith("\n[cut]") and len(ended.output) < SHORT.output + 10


def test_what_it_leaves_behind_ends(run):
    started = time.monotonic()
    assert run("import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass\nprint('done')").output == "done\n"
    assert time.monotonic() - started < SHORT.seconds


def test_large_files_are_refused(run):
    with pytest.raises(ProgramFailed, match="32 MB"):
        run("", files={"large": b"x" * (33 << 20)})


def test_where_there_is_no_place_nothing_is_run(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    for tier in (None, Bubblewrap(), Container("some-image")):
        with pytest.raises(NoSandbox):
            scripts.run(tier, Script({}, ("-V",)))
    assert not scripts.works(Bubblewrap())
    assert scripts.tier_of("another-image", "") is None, "never a weaker place than the one that was named"


def test_answer_of_nonsense_is_no_answer():
    for told in (b"", b"{}", b"[1]", b'{"status": "x", "output": "", "files": {}, "stopped": ""}', b"\xff"):
        with pytest.raises(ProgramFailed, match="brought its sandbox down"):
            scripts._ended(told, SHORT)


def test_worker_says_where_it_runs_them(settings, monkeypatch):
    monkeypatch.setattr(places, "here", lambda: None)
    places.announce()
    assert places.announced() == ""
    monkeypatch.setattr(places, "here", Bubblewrap)
    places.announce()
    assert places.announced() == "bubblewrap"
    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert places.announced() is None


# -- the tool ------------------------------------------------------------------------------------------------------

READS = "import csv\nprint(sum(float(row['amount']) for row in csv.DictReader(open('sales.csv'))))"


@pytest.fixture
def asked(admin_user, member, agent, base, scripted, work, tier, monkeypatch):
    """Have a model work on files, and return what it was told of each call."""
    monkeypatch.setattr(places, "here", lambda: tier)
    upload = SimpleUploadedFile("sales.csv", b"region,amount\nnorth,40\nsouth,2\n")
    upload_document(actor=admin_user, knowledge_base=base, upload=upload)
    work("documents")
    tools.set_tools(actor=admin_user, agent=agent, wanted=[{"tool": "work_on_files"}])

    def ask(*wanted, by=member):
        scripted.script(*(calls("work_on_files", arguments) for arguments in wanted), says("Done."))
        started = start_run(actor=by, agent=agent, question="What is the sum?")
        work("agents")
        run = finished(started)
        assert run.answer == "Done."
        return [json.loads(told) for told in run.events.filter(kind="tool").values_list("payload__result", flat=True)]

    return ask


@pytest.mark.django_db
def test_model_works_on_documents(asked):
    assert asked({"code": READS, "documents": ["sales.csv"]}) == [{"printed": "42.0\n"}]


@pytest.mark.django_db
def test_model_is_told_what_went_wrong(asked):
    failed, unknown, elsewhere = asked(
        {"code": "print(40)\n1 / 0"},
        {"code": READS, "documents": ["plans.csv"]},
        {"code": READS, "documents": ["main.py"]},
    )
    assert failed["error"] == "The script ended with status 1." and "line 2" in failed["printed"]
    assert "no document named plans.csv" in unknown["error"]
    assert "cannot be laid into the folder" in elsewhere["error"]


@pytest.mark.django_db
def test_documents_are_those_that_the_person_sees(asked, admin_user, base, member):
    sharing.set_open(actor=admin_user, shared=base, is_open=False)
    [told] = asked({"code": READS, "documents": ["sales.csv"]})
    assert "no document named" in told["error"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("container", "in a container of its own"),
        ("bubblewrap", "shut in by bubblewrap"),
        ("", "has no place for scripts"),
        (None, "is not known yet"),
    ],
)
def test_page_says_where_they_run(admin_client, agent, monkeypatch, said, words):
    monkeypatch.setattr(places, "announced", lambda: said)
    page = admin_client.get(f"/agents/{agent.pk}/tools/")
    assert page.status_code == 200 and words in page.content.decode()
