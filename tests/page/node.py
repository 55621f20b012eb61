"""The reader in node: no browser, no server, files as they lie."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, require

# what stands in for the network: a folder, and JSON in place of some of its files
_FETCH = """
import { readFile } from "node:fs/promises";
import { openRace } from "./f1-replay.mjs";
const [root, given] = JSON.parse(await readFile("given.json", "utf8"));
const open = (key, instead = {}) => openRace(`http://files/${key}manifest.json`, {
  fetch: async (url) => {
    const path = new URL(url).pathname.slice(1);
    const name = path.split("/").at(-1);
    return new Response(name in instead ? JSON.stringify(instead[name]) : await readFile(`${root}/${path}`));
  },
});
const answer = (value) => console.log(JSON.stringify(value));
"""


def node(folder: Path, root: Path, script: str, given: object) -> Any:
    """What a script of `open(key)` and `given` gives to `answer`; root: of the published files."""
    found = shutil.which("node")
    require(found is not None, "there is no node on the path")
    shutil.copy(REPOSITORY / "serve/static/f1-replay.js", folder / "f1-replay.mjs")
    (folder / "given.json").write_text(json.dumps([str(root), given]))
    (folder / "script.mjs").write_text(_FETCH + script)
    done = subprocess.run(
        [str(found), "script.mjs"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
