"""Small programs in C, made when they are needed: what Python cannot do fast enough to measure others."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.load.wire import WrongAnswer

COMPILER = "apt-get install gcc libc6-dev"
"""What brings `cc`."""

_FLAGS = ("-O2", "-Wall", "-Wextra")


def compiled(source: Path, folder: Path) -> Path:
    """The program of one file, in `folder`, made once. Raises WrongAnswer where that cannot be done."""
    program = folder / source.stem
    if program.exists():
        return program
    compiler = shutil.which("cc")
    if compiler is None:
        raise WrongAnswer(f"{source.name} needs a C compiler, which is not here: {COMPILER}")
    made = subprocess.run(
        [compiler, *_FLAGS, "-o", program, source], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise WrongAnswer(f"{source.name} was not compiled ({COMPILER}): {made.stderr[-2000:]}")
    return program
