"""The tier of scripts for production: a container of its own for each, from the image that the operator names in SANDBOX_IMAGE.

No network, a read-only root, no capabilities, no new privileges, one processor, bounded memory and processes; SANDBOX_RUNTIME
names another OCI runtime (gVisor's `runsc`, say). Docker or Podman is called by its command line, which reads its own environment
(DOCKER_HOST): whoever reaches that daemon rules its host, so give the workers one that does nothing else.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from apps.agents.sandbox.base import ScriptLimits

WORK = "/tmp"  # noqa: S108  a folder in the container's own memory, not the host's
OWN_UIDS = range(300_000, 360_000)
STOP_S = 10.0
DAEMON = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST", "XDG_RUNTIME_DIR")
_ROOM_FOR_INSIDE = 128 << 20
_INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True)
class Container:
    """Scripts in containers of this image, run by this OCI runtime (empty: the daemon's own)."""

    image: str
    runtime: str = ""
    name = "container"

    def command(self, limits: ScriptLimits) -> list[str] | None:
        program = shutil.which("docker") or shutil.which("podman")
        if program is None:
            return None
        own = SystemRandom().choice(OWN_UIDS)
        memory = str(limits.memory + limits.disk + _ROOM_FOR_INSIDE)
        folder = f"{WORK}:rw,nosuid,nodev,mode=1777,size={limits.disk}"
        return [
            *(
                program,
                "run",
                "--name",
                f"guildhall-{secrets.token_hex(12)}",
                "--rm",
                "--interactive",
                "--pull",
                "never",
            ),
            *(("--runtime", self.runtime) if self.runtime else ()),
            *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--cpus", "1", "--memory", memory, "--memory-swap", memory, "--pids-limit", str(2 * limits.processes)),
            *("--user", f"{own}:{own}", "--hostname", "sandbox", "--ipc", "none", "--log-driver", "none"),
            *("--tmpfs", folder, "--workdir", WORK, "--env", f"HOME={WORK}", "--env", "OPENBLAS_NUM_THREADS=1"),
            *("--entrypoint", "python", self.image, "-I", "-c", _INSIDE.read_text()),
        ]

    def environment(self) -> Mapping[str, str]:
        return {name: os.environ[name] for name in DAEMON if name in os.environ}

    def stop(self, command: list[str]) -> None:
        """End the container: it outlives the command line that began it."""
        program, name = command[0], command[command.index("--name") + 1]
        subprocess.run([program, "kill", name], capture_output=True, timeout=STOP_S, check=False)
