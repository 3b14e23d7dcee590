"""Set-up: torch before all else, since its wheel is the one that can bring gigabytes. Runs with a bare Python and its pip.

    TORCH_INDEX=<address> python tools/set_up.py     torch from that index, and nothing else from there

Without an address torch comes with the other requirements, from wherever pip is told to look; on Linux without an NVIDIA GPU
this says beforehand when CUDA's libraries would come with it, and how to do without.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRIVER = Path("/proc/driver/nvidia")
PIP = [sys.executable, "-m", "pip"]
CUDA = """\
The torch that pip finds brings NVIDIA's CUDA libraries, several gigabytes. There is no NVIDIA GPU here that would use them.
To do without, stop now and run make again with TORCH_INDEX=<address>: that of the CPU wheels, which PyTorch's page "Get Started"
names behind --index-url (choose Pip and CPU). Going on with CUDA."""


def pin() -> str:
    """The line for torch in requirements.txt."""
    return re.search(r"^torch==.*$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[0]


def needs_no_cuda() -> bool:
    """Whether this is a Linux without an NVIDIA GPU."""
    return sys.platform == "linux" and not shutil.which("nvidia-smi") and not DRIVER.exists()


def would_bring_cuda() -> bool:
    """Whether the torch that pip would install now asks for NVIDIA's packages; not if one is here, or pip does not know."""
    call = [*PIP, "install", "--dry-run", "--no-deps", "--quiet", "--report", "-", pin()]
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        return False
    wheels = json.loads(done.stdout)["install"]
    return any(line.startswith("nvidia-") for wheel in wheels for line in wheel["metadata"].get("requires_dist", []))


def main() -> int:
    """Install torch from the user's index, or say what it will bring."""
    if index := os.environ.get("TORCH_INDEX"):
        return subprocess.run([*PIP, "install", "--no-deps", "--index-url", index, pin()]).returncode
    if needs_no_cuda() and would_bring_cuda():
        print(CUDA, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
