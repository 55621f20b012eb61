"""The Terraform configuration, as far as it can be checked without the provider and an account."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require
from tests.deploy.conftest import DEPLOY, Tool, find

pytestmark = pytest.mark.slow

TERRAFORM = DEPLOY / "terraform"
FILES = sorted(TERRAFORM.glob("*.tf"))
SOURCE = "\n".join(re.sub(r"^\s*#.*$", "", file.read_text(), flags=re.MULTILINE) for file in FILES)


def test_format(tool: Tool) -> None:
    tool("terraform", "fmt", "-check", "-diff", "-recursive", cwd=TERRAFORM)


@pytest.fixture
def parsed(tool: Tool, tmp_path: Path) -> dict[str, list[Any]]:
    """All files by python-hcl2, joined by block type."""
    tool("hcl2tojson", "--quiet", "--strip-string-quotes", "--output", tmp_path, *FILES)
    blocks: dict[str, list[Any]] = {}
    for file in FILES:
        found = json.loads((tmp_path / file.with_suffix(".json").name).read_text())
        for kind, bodies in found.items():
            blocks.setdefault(kind, []).extend(bodies if isinstance(bodies, list) else [bodies])
    return blocks


def names(blocks: list[Any]) -> list[str]:
    return [name for block in blocks for name in block if not name.startswith("__")]


def test_every_variable_is_documented_checked_and_used(parsed: dict[str, list[Any]]) -> None:
    for block in parsed["variable"]:
        ((name, body),) = block.items()
        assert len(body["description"]) > 20, name
        assert "validation" in body or body["type"] == "bool", name
        assert re.search(rf"\bvar\.{name}\b", SOURCE), f"{name} is used nowhere"


def test_references_lead_somewhere(parsed: dict[str, list[Any]]) -> None:
    assert set(re.findall(r"\bvar\.(\w+)", SOURCE)) == set(names(parsed["variable"]))
    assert set(re.findall(r"\blocal\.(\w+)", SOURCE)) == set(names(parsed["locals"]))
    declared = set(re.findall(r'^(resource|data) "(\w+)" "(\w+)"', SOURCE, re.MULTILINE))
    used = re.findall(r"(?<![\w./-])(data\.)?(aws_\w+)\.([a-z0-9_]+)", SOURCE)
    for data, kind, name in used:
        assert ("data" if data else "resource", kind, name) in declared, f"{data}{kind}.{name}"


def test_outputs(parsed: dict[str, list[Any]]) -> None:
    wanted = {"ecr_repository_url", "bucket", "cdn_url", "api_url", "log_group"}
    assert wanted <= set(names(parsed["output"]))
    for block in parsed["output"]:
        assert all("description" in body for name, body in block.items() if not name.startswith("__"))


def test_no_secrets_in_the_state() -> None:
    for kind in (
        "aws_iam_access_key",
        "aws_iam_user",
        "tls_private_key",
        "random_password",
        "aws_secretsmanager",
    ):
        assert kind not in SOURCE


def test_roles_are_narrow() -> None:
    """No wildcard actions in what is allowed, and wildcard resources only where AWS knows no other."""
    statements = re.split(r"\bstatement\b", SOURCE)[1:]
    allowing = [body for body in statements if 'effect    = "Deny"' not in body]
    assert len(allowing) > 15
    for body in allowing:
        assert not re.search(r'actions\s*=\s*\[[^]]*"[\w-]*:?\*"', body), body
        if re.search(r'resources\s*=\s*\["\*"\]', body):
            assert '"ecr:GetAuthorizationToken"' in body


def test_checkov_and_its_exceptions(tool: Tool) -> None:
    """Nothing is found but what is excepted, each exception has a reason, and none is left over."""
    done = tool(
        "checkov", "-d", TERRAFORM, "--framework", "terraform", "-o", "json", "--compact", "--skip-download"
    )
    results = json.loads(done.stdout)["results"]
    assert not results["failed_checks"]
    assert not results["parsing_errors"]
    assert len(results["passed_checks"]) > 200
    used = {
        (check["check_id"], check["check_result"]["suppress_comment"]) for check in results["skipped_checks"]
    }
    written = [
        tuple(found) for file in FILES for found in re.findall(r"checkov:skip=(\w+):(.*)", file.read_text())
    ]
    assert not set(written) - used, "exceptions that excuse nothing"
    assert all(len(reason) > 10 for _, reason in written)


def test_the_images_user_owns_the_shared_folders() -> None:
    dockerfile = (DEPLOY.parent / "Dockerfile").read_text()
    uid = re.search(r"uid = (\d+)", SOURCE)
    assert uid
    assert f"USER {uid[1]}:{uid[1]}" in dockerfile


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, ""),
        (
            {
                "bucket_name": "races",
                "prefix": "data/f1",
                "season": "2024,2025",
                "prune_schedule": "rate(7 days)",
            },
            "",
        ),
        ({"domain_name": "f1.example.org", "certificate_arn": "arn:aws:acm:us-east-1:1:certificate/x"}, ""),
        ({"github_repository": "someone/f1", "github_nightly": "true"}, ""),
        ({"name": "F1"}, "lower-case letters"),
        ({"region": "Frankfurt"}, "eu-central-1"),
        ({"bucket_name": "with.dot"}, "would break TLS"),
        ({"prefix": "/f1"}, "no slash"),
        ({"allowed_origins": '["example.org"]'}, "An origin is"),
        ({"domain_name": "f1.example.org"}, "go together"),
        ({"price_class": "cheap"}, "price_class is"),
        ({"schedule": "40 3 * * *"}, "schedule is cron"),
        ({"fresh_schedule": "cron(0/10 * ? * FRI,SAT,SUN,MON *)"}, ""),
        ({"fresh_schedule": "*/10 * * * *"}, "fresh_schedule is cron"),
        ({"season": "this"}, "season is auto"),
        ({"pipeline_size": "{cpu=2048,memory=1024}"}, "2 to 8 GB"),
        ({"pipeline_environment": '{AWS_SECRET_ACCESS_KEY="x"}'}, "Settings are named"),
        ({"log_days": "31"}, "CloudWatch keeps"),
        ({"zones": '["a","a"]'}, "two different letters"),
        ({"github_repository": "*/*"}, "without wildcards"),
        ({"github_nightly": "true"}, "needs github_repository"),
    ],
    ids=str,
)
def test_variables_say_what_they_take(tmp_path: Path, values: dict[str, str], says: str) -> None:
    """variables.tf alone, which needs no provider: what is right passes, what is wrong is told apart."""
    done = planned(tmp_path, values)
    assert (done.returncode != 0) == bool(says), done.stdout + done.stderr
    assert says in " ".join(re.sub("[│╷╵]", "", done.stderr).split())


@pytest.mark.parametrize("fresh", [None, "cron(0/10 * ? * FRI,SAT,SUN,MON *)"])
def test_runs_between_the_nights_are_there_where_they_are_asked_for(
    tmp_path: Path, fresh: str | None
) -> None:
    schedules = (TERRAFORM / "schedule.tf").read_text()
    (local,) = re.findall(r"^locals \{.*?^\}", schedules, re.DOTALL | re.MULTILINE)
    shown = "{ for name, own in local.scheduled : name => own.schedule }"
    (tmp_path / "schedules.tf").write_text(f'{local}\noutput "scheduled" {{ value = {shown} }}\n')
    done = planned(tmp_path, {"fresh_schedule": fresh} if fresh else {})
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^ +\+ (\S+) += \"(.*)\"$", done.stdout, re.MULTILINE))
    assert found.pop("fresh", None) == fresh
    assert set(found) == {"night", "prune", "prune-copy"}


def planned(folder: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`terraform plan` of the variables, and of what is in the folder that needs no provider."""
    program = find("terraform")
    require(program is not None, "terraform is not here")
    shutil.copy(TERRAFORM / "variables.tf", folder)
    given = [f"-var={name}={value}" for name, value in ({"region": "eu-central-1"} | values).items()]
    return subprocess.run(
        [str(program), "plan", "-input=false", "-no-color", *given],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
