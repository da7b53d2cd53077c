"""What .clang-format cannot say of the house style: a source file opens with what it is
for, functions have at most 64 lines, a blank line stands behind the declarations that
open one. And what it can, where clang-format is installed. TAP."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import done, ok, skip  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent
FUNCTION_MAX = 64
FORMAT_VERSION = 14  # others wrap differently
WORD = r"[A-Za-z_]\w*"
DECLARATION = re.compile(
    rf"\t(AUTO\(\w+\) )?((static|const|unsigned|signed|volatile|struct|enum|union|long) )*{WORD} \**(const )?\**{WORD}"
    r"(\[[^\]]*\])*( =.*|;|, .*)$")
# What goes on below: a structure of its own, an array of initialisers, AUTO() alone.
OPENING = re.compile(rf"\t((static|const) )*(struct|union|enum)( {WORD})? \{{$|\tAUTO\(\w+\)$|\t((static|const) )*{WORD}.* = \{{.*$")
NO_DECLARATION = re.compile(r"\t(return|goto|else|case|do|sizeof)\b")


def functions(lines):
    """(line number, name, lines of the body without its braces)"""
    at = None
    for n, line in enumerate(lines):
        if line == "{" and n and not lines[n - 1].startswith(("#", "}")):
            at = n
        elif line == "}" and at is not None:
            head = at - 1
            while head and lines[head][:1] in ("\t", " "):
                head -= 1
            named = re.search(rf"({WORD})\(", lines[head])
            yield at + 1, named.group(1) if named else lines[head], lines[at + 1:n]
            at = None


def declares(line):
    # A call has no type before its name.
    return bool(DECLARATION.match(line) or OPENING.match(line)) and not NO_DECLARATION.match(line) and not re.match(rf"\t(?!AUTO){WORD}\(", line)


def lacks_blank(body):
    """The place of a statement that follows the opening declarations without a blank line, or 0."""
    n = 0
    while n < len(body) and declares(body[n]):
        braces = 0
        while n < len(body):
            braces += body[n].count("{") - body[n].count("}")
            n += 1
            if braces == 0 and re.sub(r"\s*/\*.*", "", body[n - 1]).endswith(";"):
                break
    return n if 0 < n < len(body) and body[n].strip() != "" and not body[n].startswith("#") else 0


def sources():
    for folder in ("src", "aws", "tui", "trainer", "tuner", "tests"):
        yield from sorted(p for p in (TOP / folder).rglob("*.[ch]") if "build" not in p.relative_to(TOP).parts)


unsaid, long, tight = [], [], []
every = list(sources())
for path in every:
    text = path.read_text()
    name = path.relative_to(TOP)
    if path.suffix == ".c":
        if not text.startswith("/*"):
            unsaid.append(name)
        for line, function, body in functions(text.split("\n")):
            if len(body) > FUNCTION_MAX:
                long.append(f"{name}:{line}: {function} has {len(body)}")
            if lacks_blank(body):
                tight.append(f"{name}:{line}: {function}")
ok("the sources are here", len(every) > 300, len(every))
ok("each opens with what it is for", not unsaid, "\n".join(map(str, unsaid)))
ok(f"no function is longer than {FUNCTION_MAX} lines", not long, "\n".join(long))
ok("a blank line stands behind opening declarations", not tight, "\n".join(tight))

# The check itself sees what it is to see.
ok("a tight function is seen", lacks_blank(["\tint x = 1;", "\treturn x;"]) and lacks_blank(["\tchar *s;", "\tf(s);"]) and
   not lacks_blank(["\tint x = f(1,", "\t\t2);", "", "\treturn x;"]) and not lacks_blank(["\tf(x);", "\treturn;"]))

formatter = shutil.which(f"clang-format-{FORMAT_VERSION}") or shutil.which("clang-format")
version = subprocess.run([formatter, "--version"], capture_output=True, text=True).stdout if formatter else ""
if f"version {FORMAT_VERSION}." not in version:
    skip("clang-format has nothing to change", f"clang-format {FORMAT_VERSION} is not installed")
else:
    run = subprocess.run([formatter, "--dry-run", "-Werror", *map(str, every)], capture_output=True, text=True, cwd=TOP)
    ok("clang-format has nothing to change", run.returncode == 0,
       "\n".join(line for line in run.stderr.splitlines() if "error:" in line))
done()
