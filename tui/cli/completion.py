"""`hourscope completion`: the shell script that completes command lines, and the answers that it requests.

The scripts use click's protocol: `_HOURSCOPE_COMPLETE=bash_complete` with COMP_WORDS and COMP_CWORD in the environment,
and one line per candidate. They also handle cases in which click's scripts fail: names with spaces and colons, folders
among other candidates, and last words that bash splits at a colon.
"""

from __future__ import annotations

import os
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from tui.cli.candidates import candidates
from tui.cli.command import Command
from tui.cli.console import EXIT_MATCHED
from tui.cli.group import Commands

VARIABLE = "_HOURSCOPE_COMPLETE"

_BASH = r"""
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} word kind value typed=
    word=${line##*[[:space:]]}
    [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && typed=${word%%"${word##*:}"}
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) value+=/; compopt -o nospace 2>/dev/null ;;
            file | plain) ;;
            *) continue ;;
        esac
        [[ $word == [\"\']* ]] || { printf -v value %%q "$value"; value=${value/#\\~\//\~/}; }
        COMPREPLY+=("${value#"$typed"}")
    done < <(COMP_WORDS=$line COMP_CWORD=last %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null || complete -F %(complete_func)s %(prog_name)s
"""

_ZSH = r"""#compdef %(prog_name)s
%(complete_func)s() {
    local -a described plain answer
    local kind value about paths=
    answer=("${(@f)$(COMP_WORDS="${(@j: :)words[1,CURRENT]}" COMP_CWORD=last %(complete_var)s=zsh_complete \
        ${words[1]} 2>/dev/null)}")
    for kind value about in "${answer[@]}"; do
        case $kind in
            dir) paths=${paths:-dirs} ;;
            file) paths=files ;;
            plain) if [[ $about == _ ]]; then plain+=("$value"); else described+=("${value//:/\\:}:$about"); fi ;;
        esac
    done
    (( $#described )) && _describe -V '%(prog_name)s' described
    (( $#plain )) && compadd -V values -a plain
    case $paths in
        dirs) _path_files -/ ;;
        files) _files ;;
    esac
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = r"""function %(complete_func)s
    set -l paths
    for line in (env COMP_WORDS=(commandline -cp) COMP_CWORD=last %(complete_var)s=fish_complete %(prog_name)s \
            2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case dir
                set -q paths[1]; or set paths dirs
            case file
                set paths files
            case plain
                echo $parts[2]
        end
    end
    switch "$paths"
        case dirs
            __fish_complete_directories (commandline -ct) ""
        case files
            __fish_complete_path (commandline -ct) ""
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Answers(ShellComplete):
    """Answers the scripts with our candidates."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the complete words, and the one to complete: the last of COMP_WORDS, or the one at COMP_CWORD."""
        text, at = os.environ.get("COMP_WORDS", ""), os.environ.get("COMP_CWORD", "")
        if at.isdecimal():
            words = split_arg_string(text)
            return words[1 : int(at)], words[int(at)] if int(at) < len(words) else ""
        *words, last = split_arg_string(f"{text}\0")  # a NUL after a space is a separate word
        return words[1:], last.removesuffix("\0")

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        assert isinstance(self.cli, click.Group)
        return list(candidates(self.cli, args, incomplete))


class _Bash(_Answers, BashComplete):
    source_template: ClassVar[str] = _BASH.lstrip()


class _Zsh(_Answers, ZshComplete):
    source_template: ClassVar[str] = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type}\n{item.value}\n{item.help or '_'}"


class _Fish(_Answers, FishComplete):
    source_template: ClassVar[str] = _FISH

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type},{item.value}\t{item.help}" if item.help else f"{item.type},{item.value}"


_SHELLS: dict[str, type[_Answers]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def answer_shells() -> None:
    """Register our candidates with click, which answers if a shell asks."""
    for name, shell in _SHELLS.items():
        add_completion_class(shell, name)


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes command lines in a shell.

    It completes commands, options, archives from the config, folders, files, hours, and topics that nsqlookupd knows.

    \b
    bash: put this line into ~/.bashrc
      eval "$(hourscope completion bash)"

    \b
    zsh: put this line into ~/.zshrc, after compinit
      eval "$(hourscope completion zsh)"

    \b
    fish: run this once
      hourscope completion fish > ~/.config/fish/completions/hourscope.fish

    \b
    Examples:
      hourscope completion bash
    """
    program = ctx.find_root().command
    assert isinstance(program, Commands)
    click.echo(_SHELLS[shell](program, {}, "hourscope", VARIABLE).source(), nl=False)
    return EXIT_MATCHED
