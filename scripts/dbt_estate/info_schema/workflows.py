"""The commands of dbt that the workflows of a CI service run for a project."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

# Where each service looks: at the root of the repository, and nowhere else.
WORKFLOW_FILES = (
    ".github/workflows/*.yml", ".github/workflows/*.yaml", ".gitlab-ci.yml",
    "azure-pipelines.yml", ".circleci/config.yml", "bitbucket-pipelines.yml", "jenkinsfile",
)  # fmt: skip

# The keys whose texts a shell runs.
_SHELL_KEYS = {
    "run", "script", "before_script", "after_script", "after-script", "command", "commands", "bash",
    "pwsh", "powershell", "inlineScript", "dbt_command", "args",
}  # fmt: skip
_FOLDER_KEYS = ("working-directory", "working_directory", "workingDirectory")
_FALSE = re.compile(r"\s*(?:\$\{\{\s*false\s*\}\}|false)\s*", re.IGNORECASE)

_QUOTED = r"""'''[\s\S]*?'''|\"""[\s\S]*?\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\""""
_TRIPLE = ("'''", '"""')
# Comments and other texts are taken as well, so that no step is found in them.
_JENKINS_STEP = re.compile(
    rf"//[^\n]*|/\*[\s\S]*?\*/"
    rf"|\b(?:sh|bat)\b\s*\(?\s*(?:(?!script)\w+\s*:\s*(?:\w+|{_QUOTED})\s*,\s*)*(?:script\s*:\s*)?"
    rf"({_QUOTED})|{_QUOTED}"
)

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_HEREDOC = re.compile(
    r"(?<!<)<<-?[ \t]*(['\"]?)(\w+)\1([^\n]*)\n(?:[^\n]*\n)*?[ \t]*\2[ \t]*(?=\n|$)"
)
# Quoted texts, kept; then what is no word of a command: comments and redirections.
_NO_WORD = re.compile(
    r"""('[^']*'|"(?:\\.|[^"\\])*"|\\.)|(?<![^\s;&|()])\#[^\n]*"""
    r"""|(?:(?<!\S)\d|&)?[<>]+(?:&[\d-]|[ \t]*[^\s;&|()<>'"]+)?""",
    re.DOTALL,
)
_OPERATORS = "();|&\n"
_SHELLS = {"sh", "bash", "dash", "zsh"}

# Before dbt: what runs the command after it, and words of a shell. `run`, `exec` and `--` end the
# words of a runner, as in `uv run dbt` and `docker run image dbt`.
_BEFORE = {
    "sudo", "env", "time", "timeout", "nice", "nohup", "exec", "command", "retry", "uvx", "xargs",
    "if", "elif", "then", "else", "while", "until", "do", "!", "{",
}  # fmt: skip
_RUNNERS = {"run", "exec", "--"}
_NOT_RUN = {"echo", "printf", "install"}
# What may stand between dbt and its subcommand, with a value.
_FLAGS_WITH_VALUE = {
    "--target", "-t", "--profile", "--profiles-dir", "--project-dir", "--vars", "--target-path",
    "--log-path", "--log-level", "--log-level-file", "--log-format", "--log-format-file",
    "--log-file-max-bytes", "--printer-width", "--record-timing-info", "-r", "--state",
    "--defer-state", "--indirect-selection", "--partial-parse-file-path", "--threads",
    "--warn-error-options",
}  # fmt: skip
_SUBCOMMANDS = {
    ("build",), ("run-operation",), ("run",), ("test",), ("seed",), ("snapshot",),
    ("docs", "generate"), ("source", "freshness"), ("compile",), ("parse",), ("clone",),
    ("retry",),
}  # fmt: skip
_SELECTION = re.compile(r"-[sm].*|--(?:select|selector|exclude|models?)(?:=.*)?", re.DOTALL)


class Command(NamedTuple):
    """A command of dbt from its subcommand on, and whether it selects."""

    text: str
    selects: bool


class _Loader(yaml.SafeLoader):
    """YAML of which every scalar stays a text: a wrong date is none of our business.

    Not CSafeLoader: it ends the process where lists nest too deep.
    """

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("<<$"))]}


# Tags of a service, such as GitLab's !reference, say nothing here.
_Loader.add_multi_constructor("!", lambda *_: None)


def workflows(
    paths: Iterable[Path], project_dir: Path, root: Path
) -> list[tuple[Path, list[Command]]]:
    """Return each workflow with the commands of dbt that it runs for the project.

    `root` is the folder of the repository. A file that cannot be read has no commands.
    """
    return [(path, _commands(path, project_dir, root)) for path in paths]


def _commands(path: Path, project_dir: Path, root: Path) -> list[Command]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        found = _shell_texts(path, text) if "dbt" in text else []
    # A tag that does not fit its value, as `!!int x`, raises whatever its reader does.
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return []
    except yaml.YAMLError:
        return []
    return [
        Command(_one_line(words), any(map(_SELECTION.fullmatch, words)))
        for shell, folder in found
        for words, place in _dbt_commands(shell, PurePosixPath(folder))
        if not _is_other_project(place, project_dir, root)
    ]


def _one_line(words: Sequence[str]) -> str:
    # YAML can write half a surrogate pair, which no table takes.
    return " ".join(" ".join(words).split()).encode(errors="replace").decode()


def _shell_texts(path: Path, text: str) -> list[tuple[str, str]]:
    """Return each text of shell, and the folder that it starts in."""
    if path.name.lower() == "jenkinsfile":
        quoted = [step[1] for step in _JENKINS_STEP.finditer(text) if step[1]]
        return [(step[3:-3] if step[:3] in _TRIPLE else step[1:-1], "") for step in quoted]
    # GitLab has a document of inputs before that of jobs.
    return list(_of_yaml(list(yaml.load_all(text, _Loader)), "", set()))


def _of_yaml(node: Any, folder: str, seen: set[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    # Aliases may hold a node many times, and a node itself.
    if not isinstance(node, (dict, list)) or (id(node), folder) in seen:
        return
    seen.add((id(node), folder))
    if isinstance(node, list):
        for item in node:
            yield from _of_yaml(item, folder, seen)
        return
    if _FALSE.fullmatch(str(node.get("if"))):
        return
    folder = _folder(node, folder)
    for key, value in node.items():
        if key in _SHELL_KEYS:
            # GitLab runs both in one shell.
            before = _shell(node.get("before_script")) if key == "script" else ""
            yield f"{before}\n{_shell(value)}", folder
        yield from _of_yaml(value, folder, seen)


def _folder(node: dict[Any, Any], above: str) -> str:
    """Return the folder of a step, a job or a workflow, from the root of the repository."""
    defaults = node.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    for given in (node, run if isinstance(run, dict) else {}):
        for key in _FOLDER_KEYS:
            if isinstance(given.get(key), str):
                # CircleCI checks the repository out there.
                return str(given[key]).removeprefix("~/project/")
    return above


def _shell(value: Any) -> str:
    if isinstance(value, list):
        # One list in another is as deep as GitLab goes; aliases could go on without an end.
        lines = [line for item in value for line in (item if isinstance(item, list) else [item])]
        parts = [line for line in lines if isinstance(line, str)]
        # Words rather than lines, as in `args: [dbt, build]`.
        return shlex.join(parts) if "dbt" in parts else "\n".join(parts)
    return value if isinstance(value, str) else ""


def _dbt_commands(
    text: str, folder: PurePosixPath
) -> Iterator[tuple[Sequence[str], PurePosixPath]]:
    """Give each command of dbt from its subcommand on, and the folder of its project."""
    outside: list[PurePosixPath] = []
    words: list[str] = []
    for token in [*_tokens(text), "\n"] if "dbt" in text else []:
        if not token or token.strip(_OPERATORS):
            words.append(token)
            continue
        if words[-2:-1] == ["cd"]:
            folder /= words[-1]
        else:
            yield from _dbt_command(words, folder)
        words = []
        for sign in token:
            if sign == "(":
                outside.append(folder)
            elif sign == ")" and outside:
                folder = outside.pop()


def _tokens(text: str) -> list[str]:
    """Return words and operators; of a text whose quotes do not close, those of each line."""
    text = _HEREDOC.sub(r"\3", _EXPRESSION.sub("${{}}", text.replace("\\\n", " ")))
    try:
        return _lexed(text)
    except ValueError:
        pass
    found: list[str] = []
    for line in text.split("\n"):
        try:
            found += [*_lexed(line), "\n"]
        except ValueError:
            continue
    return found


def _lexed(text: str) -> list[str]:
    lexer = shlex.shlex(
        _NO_WORD.sub(lambda found: found[1] or "", text), posix=True, punctuation_chars=_OPERATORS
    )
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    return list(lexer)


def _dbt_command(
    words: list[str], folder: PurePosixPath
) -> Iterator[tuple[Sequence[str], PurePosixPath]]:
    for index, word in enumerate(words):
        before, after = words[:index], words[index + 1 :]
        if re.fullmatch(r"-\w*c", word) and after and _SHELLS & {_last(item) for item in before}:
            yield from _dbt_commands(after[0], folder)
            return
        command = _from_subcommand(after) if _last(word) == "dbt" and _runs(before) else []
        if command:
            yield command, folder / _value(after, "--project-dir")
            return


def _last(word: str) -> str:
    return word.rpartition("/")[2]


def _runs(before: Sequence[str]) -> bool:
    """Whether the word after these is what runs, and no argument."""
    words = [word for word in before if not re.match(r"\w+=", word)]
    if not words:
        return True
    return not _NOT_RUN & set(words) and bool(_last(words[0]) in _BEFORE or _RUNNERS & set(words))


def _from_subcommand(words: list[str]) -> list[str]:
    """Return the words from the subcommand on; none without one that reads the project."""
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in _FLAGS_WITH_VALUE else 1
    found = words[index:]
    is_one = tuple(found[:1]) in _SUBCOMMANDS or tuple(found[:2]) in _SUBCOMMANDS
    return found if is_one else []


def _value(words: list[str], option: str) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, sign, value = word.partition("=")
        if name == option:
            return value if sign else following
    return ""


def _is_other_project(folder: PurePosixPath, project_dir: Path, root: Path) -> bool:
    """Whether the folder is known, and is that of another project of dbt."""
    place = root / folder
    try:
        return (
            "$" not in str(folder)
            and (place / "dbt_project.yml").is_file()
            and not place.samefile(project_dir)
        )
    except (OSError, ValueError):
        return False  # no path at all
