import contextlib
import os
import subprocess
from base64 import b64encode
from uuid import uuid4

from tests.knowledge.samples import with_part, word
from tests.live import wait_for

PROMISE = "a full disk costs nothing but the wait"
FAULT = "a volume of 20 MB for the files, filled by form, by API and in parts, in four sizes"
PROMISED = "503 and when to come again, 0 orphans, no restart"
UPLOAD = "/api/v1/knowledge-base/upload"
PARTS = "/api/v1/knowledge-base/uploads"
SIZES = (4_500_000, 2_500_000, 700_000, 90_000)  # large files come by temporary ones, small ones in memory


def prove(live, is_full):
    volume = live.folder / "media"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", volume], capture_output=True).returncode:
        return "not measured: no right to mount a volume here", not is_full
    try:
        return _filled(live, volume, 5 if is_full else 1)
    finally:
        subprocess.run(["umount", "-l", volume], check=True)


def _filled(live, volume, rounds):
    before, codes, orphans, read = live.pids(), [], 0, 0
    with live.api() as api, live.http(Cookie=live.cookies()) as page:
        for _ in range(rounds):
            codes += _fill(api, page)
            api.get("/api/v1/knowledge-base/documents").raise_for_status()
            wait_for(lambda: all(row["state"] in ("ready", "failed") for row in _yards(api)), 120, 0.5)
            orphans += _orphans(live, volume)
            read += _goes_on(api)
        _make_room(api)
    odd = [code for code in codes if code not in (200, 201, 204, 302, 503)]
    refused, is_same = codes.count(503), live.pids() == before
    reached = (
        f"{refused} refused, {len(odd)} otherwise, {orphans} orphans, {read}/{rounds} went on, restarts {not is_same}"
    )
    return reached, refused >= 9 * rounds and not odd and not orphans and read == rounds and is_same


def _name():
    """A name of its own: a newer version of the same would make room by itself."""
    return f"yard-{uuid4()}.docx"


def _file(size):
    return with_part(word(("h1", "Yard"), ("Normal", "The yard opens at six.")), "word/media/x.bin", os.urandom(size))


def _fill(api, page):
    """Send files by each way until each was refused in each size; return the codes. A 503 has to say when to come again."""
    codes = []
    for send in (_by_api, _by_form, _by_parts):
        for size in SIZES:
            while (answer := send(api, page, _file(size))).status_code < 400:
                codes.append(answer.status_code)
            assert answer.status_code != 503 or int(answer.headers["Retry-After"]) > 0, answer.text[:300]
            codes.append(answer.status_code)
    return codes


def _by_api(api, page, data):
    return api.post(UPLOAD, files={"file": (_name(), data)})


def _by_form(api, page, data):
    base = api.get("/api/v1/knowledge-base/").json()[0]["id"]
    text = page.get(f"/knowledge/{base}/").text
    token = text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    return page.post(
        f"/knowledge/{base}/documents/",
        data={"csrfmiddlewaretoken": token},
        files={"file": (_name(), data)},
        headers={"Cookie": page.headers["Cookie"]},
    )


def _by_parts(api, page, data):
    told = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Upload-Metadata": f"filename {b64encode(_name().encode()).decode()}",
    }
    begun = api.post(PARTS, headers=told)
    if begun.status_code >= 400:
        return begun
    place, offset, answer = begun.headers["Location"].split("/api/")[1], 0, begun
    while offset < len(data) and answer.status_code < 400:
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = api.patch(f"/api/{place}", content=data[offset : offset + (1 << 20)], headers=headers)
        offset += 1 << 20
    if answer.status_code >= 400:  # what came in of it is given up, or the next would find no room for that alone
        api.delete(f"/api/{place}", headers={"Tus-Resumable": "1.0.0"}).raise_for_status()
    return answer


def _yards(api):
    """The documents that this row uploaded."""
    found, url = [], "/api/v1/knowledge-base/documents?q=yard&page_size=200"
    while url:
        page = api.get(url).raise_for_status().json()
        found += page["results"]
        url = page["next"]
    return [row for row in found if row["name"].startswith("yard-")]


def _orphans(live, volume):
    """Count files without a row, and rows without a whole file."""
    rows = live.sql("SELECT file, size_bytes FROM knowledge_document WHERE name LIKE 'yard-%'", schema="t_acme")
    stored = {volume / "t_acme" / name: size for name, size in rows}
    on_disk = {path for path in volume.rglob("*") if path.is_file()}
    torn = [path for path, size in stored.items() if not path.exists() or path.stat().st_size != size]
    return len(on_disk - set(stored)) + len(torn)


def _make_room(api):
    for row in _yards(api):
        api.delete(f"/api/v1/knowledge-base/documents/{row['id']}").raise_for_status()


def _goes_on(api):
    """Make room, upload again, and have it read."""
    _make_room(api)
    answer = _by_api(api, None, _file(2_500_000)).raise_for_status().json()
    with contextlib.suppress(AssertionError):
        place = f"/api/v1/knowledge-base/documents/{answer['id']}"
        wait_for(lambda: api.get(place).json()["state"] == "ready", 60)
        return 1
    return 0
