"""How long the command line takes to answer, and which imports that is owed to."""

import re
import statistics
import subprocess
import sys
import time

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)([\w.]+)")


def help_seconds(repeats: int) -> float:
    """Median wall seconds of `f1-precompute --help`."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pipeline", "--help"], stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def imports() -> dict[str, float]:
    """Milliseconds of `import pipeline.cli.main` in all, and of the largest packages that it imports."""
    command = [sys.executable, "-X", "importtime", "-c", "import pipeline.cli.main"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    own: dict[str, float] = {}
    total = 0.0
    for mine, whole, _, name in _LINE.findall(text):
        package = name.split(".")[0]
        own[package] = own.get(package, 0.0) + int(mine) / 1000
        if name == "pipeline.cli.main":
            total = int(whole) / 1000
    largest = sorted(own, key=lambda package: -own[package])[:5]
    return {"import pipeline.cli.main": total} | {f"of which {name}": own[name] for name in largest}
