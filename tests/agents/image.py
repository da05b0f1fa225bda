"""A container image of this machine's interpreter, made without a registry: the standard library and what it links to."""

import io
import re
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

NAME = "guildhall-sandbox-of-tests"


def build():
    """Import the image into the Docker daemon, once; return its name."""
    if subprocess.run(["docker", "image", "inspect", NAME], capture_output=True, check=False).returncode:
        changes = ["--change", f"ENV PATH={sys.base_prefix}/bin"]
        subprocess.run(["docker", "import", *changes, "-", NAME], input=_archive(), capture_output=True, check=True)
    return NAME


def _archive():
    library, program = Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix, "bin", "python")
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", dereference=True) as archive:
        archive.add(program, filter=_readable)
        archive.add(library, filter=_small)
        for path in _linked(program.resolve(), *library.glob("lib-dynload/*.so")):
            archive.add(path, filter=_readable)
        for folder in ("proc", "dev", "sys", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
    return written.getvalue()


def _linked(*programs):
    told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    return sorted({path for path in re.findall(r"(/\S+\.so\S*) \(0x", told)})


def _small(entry):
    is_extra = re.search(r"/(site-packages|test|tests|idlelib|__pycache__|config-[^/]+)(/|$)", entry.name)
    return None if is_extra else _readable(entry)


def _readable(entry):
    entry.mode |= 0o444 | (0o111 if entry.isdir() or entry.mode & 0o100 else 0)
    return entry
