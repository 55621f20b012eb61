"""The README's table of options and .env.example, made from the commands themselves."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from pipeline.cli.main import main as pipeline_cli
from pipeline.network.hosts import HOSTS
from serve.__main__ import main as serve_cli

ENV_HEAD = """\
# Settings as environment variables, made by docs/generate.py. Copy to .env (compose), or to
# /etc/f1-precompute.env (systemd, cron), and set what should differ from the default shown. For cron a shell
# reads it: quote a value that has spaces, like F1_ON_FAILURE='mail -s F1 me@example.org'.
#
# Credentials for S3 are not here: boto3 finds them by its own chain (a role, ~/.aws, AWS_* variables).
"""


@dataclass(frozen=True)
class Row:
    """One option of one or more commands."""

    flag: str
    variable: str
    default: str
    meaning: str


def pipeline_rows() -> dict[Row, list[str]]:
    """The options of `f1-precompute`, each with the commands that have it."""
    rows: dict[Row, list[str]] = {}
    context = click.Context(pipeline_cli)
    for name in pipeline_cli.list_commands(context):
        command = pipeline_cli.get_command(context, name)
        assert command is not None, name  # noqa: S101  click lists what it has
        for option in _options(command):
            rows.setdefault(_row(option, click.Context(command)), []).append(name)
    return rows


def _options(command: click.Command) -> Iterator[click.Option]:
    return (parameter for parameter in command.params if isinstance(parameter, click.Option))


def _row(option: click.Option, context: click.Context) -> Row:
    """As --help shows it; a default that is told in the help's own words goes where defaults stand."""
    extra = option.get_help_extra(context)
    meaning, _, told = (option.help or "").partition("  [default: ")
    default = extra.get("default", "").strip("()") or told.removesuffix("]")
    variables = extra.get("envvars", ())
    if isinstance(option.type, click.Choice):
        meaning += f" One of {', '.join(map(str, option.type.choices))}."
    return Row(
        "/".join([*option.opts, *option.secondary_opts]), variables[0] if variables else "", default, meaning
    )


def host_rows() -> list[Row]:
    """What only a variable sets: the addresses of the hosts that races are fetched from."""
    return [Row("", host.variable, host.default, f"Address of {host.what}.") for host in HOSTS]


def serve_rows() -> list[Row]:
    """The options of `f1-serve`."""
    return [_row(option, click.Context(serve_cli)) for option in _options(serve_cli)]


def table() -> str:
    """Both tables as Markdown."""
    pipeline = pipeline_rows()
    every = pipeline_cli.list_commands(click.Context(pipeline_cli))
    lines = [
        "A flag wins over its environment variable, the variable over the default.",
        "",
        "`f1-precompute`:",
        "",
        *_head("Option", "Variable", "Default", "Meaning", "Commands"),
    ]
    for row, commands in pipeline.items():
        others = [name for name in every if name not in commands]
        most = f"all but {others[0]}" if len(others) == 1 else "" if others else "all"
        lines.append(_line(row, most or ", ".join(commands)))
    lines += ["", "Mirrors, by variable only:", "", *_head("Variable", "Default", "Meaning")]
    lines += [f"| `{row.variable}` | {row.default} | {row.meaning} |" for row in host_rows()]
    lines += ["", "`f1-serve`:", "", *_head("Option", "Variable", "Default", "Meaning")]
    lines += [_line(row) for row in serve_rows()]
    return "\n".join(lines)


def _head(*names: str) -> list[str]:
    return [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]


def _line(row: Row, *more: str) -> str:
    variable = f"`{row.variable}`" if row.variable else ""
    cells = [f"`{row.flag}`", variable, row.default, row.meaning, *more]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def env_file() -> str:
    """Every variable once, with what it means, commented out."""
    rows: dict[str, list[Row]] = {}
    for row in [*pipeline_rows(), *host_rows(), *serve_rows()]:
        if row.variable:
            rows.setdefault(row.variable, []).append(row)
    parts = [ENV_HEAD]
    for variable, same in rows.items():
        meanings = dict.fromkeys(row.meaning for row in same)
        default = "" if same[0].default in ("", "none") or " " in same[0].default else same[0].default
        told = f"  (default: {same[0].default})" if " " in same[0].default else ""
        parts.append("".join(f"# {meaning}{told}\n" for meaning in meanings) + f"#{variable}={default}\n")
    return "\n".join(parts)
