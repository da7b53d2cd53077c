"""Completion in zsh and fish as somebody types in them, in a real terminal (tmux): commands, options, values, and what
stands behind a comma of a list. bash is held by cli_usage.sh. TAP on standard output."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dashboard import BUILD, SRC, Stuck, Terminal, environment  # noqa: E402
from tap import done, skip, skip_all  # noqa: E402

COMPLETIONS = SRC + "/share/completions/sagetop."


def listed(t, shell, text, *expected):
    t.keys("C-u", "C-l")
    t.type(text)
    t.keys("Tab")
    t.wait(f"{shell}: {text}", *expected)


def check(t, shell):
    listed(t, shell, "sagetop advi", "sagetop advise")
    listed(t, shell, "sagetop jobs --no-h", "sagetop jobs --no-header")
    listed(t, shell, "sagetop --profile resea", "sagetop --profile research")
    listed(t, shell, "sagetop prices --columns stat", "sagetop prices --columns status")
    listed(t, shell, "sagetop prices --columns name,objec", "sagetop prices --columns name,objective")


def run(shell, command, ready):
    work = tempfile.mkdtemp(prefix="sagetop-completion-")
    env = environment(work)
    env["PATH"] = BUILD + ":" + env["PATH"]
    os.makedirs(work + "/.aws")
    with open(work + "/.aws/config", "w") as f:
        f.write("[profile research]\nregion = us-east-1\n")
    t = Terminal(work, env, 100, 30)
    try:
        t.type(command)
        t.keys("Enter")
        t.wait(f"{shell} is there", ready)
        check(t, shell)
    except Stuck as e:
        print("# the rest was left out after: %s" % e)
    finally:
        t.close()
        shutil.rmtree(work, ignore_errors=True)


def main():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    if shutil.which("zsh"):
        run("zsh", f"printf '%s\\n' 'autoload -Uz compinit; compinit -u -D' "
            f"'source {COMPLETIONS}zsh' 'compdef _sagetop sagetop' 'PS1=\"ready> \"' > $HOME/.zshrc; "
            "ZDOTDIR=$HOME exec zsh -i", "ready>")
    else:
        skip("zsh completes", "no zsh")
    if shutil.which("fish"):
        run("fish", f"exec fish -i -C 'source {COMPLETIONS}fish; function fish_prompt; echo \"ready> \"; end'", "ready>")
    else:
        skip("fish completes", "no fish")
    done()


main()
