"""Tell someone that a night went wrong: a POST to a webhook, or a command that reads the summary.

Neither changes how the run ends; what went wrong with it is returned to be shown.
"""

import shlex
import subprocess
import urllib.request
from functools import partial
from http.client import HTTPException

from pipeline.network.answer import within

WEBHOOK_TIMEOUT_S, COMMAND_TIMEOUT_S = 15.0, 60.0


def post(url: str, summary: bytes, timeout: float = WEBHOOK_TIMEOUT_S) -> str | None:
    """POST the summary as JSON; the trouble in a sentence, None where it arrived."""
    try:
        request = urllib.request.Request(  # noqa: S310 - http and https only, see below
            url, data=summary, headers={"Content-Type": "application/json"}, method="POST"
        )
        if request.type not in ("http", "https"):
            return f"the webhook {url} is no http address"
        with within(timeout, partial(urllib.request.urlopen, request, timeout=timeout)):
            return None
    except (OSError, ValueError, HTTPException) as error:
        return f"the webhook {_without_secret(url)} did not take the summary: {error}"


def _without_secret(url: str) -> str:
    """Webhooks are secret by their path and query: name the host alone."""
    return "/".join(url.split("/")[:3])


def command(line: str, summary: bytes, timeout: float = COMMAND_TIMEOUT_S) -> str | None:
    """Run a command with the summary on its standard input; the trouble in a sentence, None for none."""
    try:
        words = shlex.split(line)
        done = subprocess.run(words, input=summary, timeout=timeout, check=False)  # noqa: S603
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"the command {line!r} failed: {error}"
    return f"the command {line!r} ended with exit code {done.returncode}" if done.returncode else None


def tell(webhook_url: str | None, on_failure: str | None, summary: bytes) -> list[str]:
    """Do what was asked for; sentences for what did not work."""
    troubles = [
        post(webhook_url, summary) if webhook_url else None,
        command(on_failure, summary) if on_failure else None,
    ]
    return [trouble for trouble in troubles if trouble is not None]
