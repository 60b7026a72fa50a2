#!/usr/bin/env python3
"""Checks layers and style of the tree in one pass; prints "file:line: rule: what" for each fault.

usage: tidy.py [ROOT]    exit 0 when clean, 1 when something was found

What may include what stands in tools/layers.txt. The rules are the functions named rule_*; each has
a planted fault in tests/tidy. Text is looked at with comments and literals blanked out, so that a
word in a message is no call.
"""
import os
import re
import subprocess
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
COLUMNS_MAX = 100
GROUP_MAX = 12  # functions under one doc comment: the readers or writers of one codec

CODE = (".c", ".h")
SCRIPTS = (".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile")
TEXT = CODE + SCRIPTS + (".md", ".txt", ".json", ".yaml", ".yml", ".html", ".css", ".js")
# Bytes in these are somebody's data, not our writing.
DATA_FOLDERS = ("fuzz/corpus/", "tests/golden/", "tests/cli/", "tests/data/")
# What .gitignore leaves out, for a tree without git.
MADE = ("build/", "demo/", ".git/", ".cache/")

BANNED = """strcpy strcat sprintf vsprintf strtok atoi atol atof gmtime localtime rand srand alloca
    gets"""
SHELL = "system popen"
WORLD = """exit _Exit abort printf vprintf fprintf vfprintf puts fputs putchar fputc perror
    getenv secure_getenv time clock clock_gettime gettimeofday getrandom"""
HEAP = "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf aligned_alloc"

STANDARD = set("""assert complex ctype errno float inttypes limits locale math setjmp signal
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string strings time
    dirent fcntl poll pthread sched unistd ftw glob langinfo netdb spawn termios execinfo getopt
    sys/file sys/mman sys/resource sys/stat sys/socket sys/time sys/types sys/wait sys/ioctl
    sys/random sys/uio sys/un netinet/in netinet/tcp arpa/inet""".split())

LEFT_OVER = re.compile(r"\b(%s)\b" % "|".join(("TO" "DO", "FIX" "ME", "XX" "X")))
MACHINE = re.compile("|".join((
    r"/(?:home|Users)/\w", r"(?<![\w.$}])/(?:ro" r"ot|wo" r"rk)/\w",
    r"py" r"pi\.org", r"python" r"hosted", r"npm" r"js\.org", r"crates" r"\.io",
    r"deb\.deb" r"ian\.org", r"proxy\.go" r"lang\.org", r"maven" r"\.org")))


class Layers:
    """tools/layers.txt, read."""

    def __init__(self, root):
        self.rank, self.uses, self.third, self.allowed, self.stages = {}, {}, {}, set(), []
        n_lines = 0
        with open(os.path.join(root, "tools/layers.txt"), encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                kind, rest = words[0], words[1:]
                if kind == "layer":
                    n_lines += 1
                    self.rank.update((folder, n_lines) for folder in rest)
                elif kind == "use":
                    self.uses.setdefault(rest[0], set()).update(rest[1:])
                elif kind == "stages":
                    self.stages += rest
                elif kind == "third":
                    self.third.update((header, rest[0]) for header in rest[1:])
                elif kind == "allow":
                    self.allowed.add((rest[0], rest[1]))
                else:
                    raise SystemExit("tools/layers.txt: no kind of line called " + kind)


class File:
    """One file: its text, its lines, and its code with comments and literals blanked."""

    LITERAL = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        self.is_code = path.endswith(CODE)
        self.is_header = path.endswith(".h")
        self.code = self.LITERAL.sub(self.blank, self.text) if self.is_code else ""

    @staticmethod
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def folder(self):
        """Layer of a file in src, or None."""
        parts = self.path.split("/")
        if parts[0] != "src":
            return None
        return parts[1] if len(parts) > 2 else "journey"


def rule_include(file, layers):
    """A folder includes itself, lower layers, and what layers.txt lets it use."""
    folder = file.folder()
    for match in re.finditer(r'^#include "([^"]+)"', file.text, re.M):
        header = match.group(1)
        target = header.split("/")[0] if "/" in header else "journey"
        if folder is None or target in (folder, "wanliu"):
            continue
        line = file.line_at(match.start())
        if folder not in layers.rank:
            yield line, "folder src/%s is in no layer" % folder
        elif target not in layers.rank:
            yield line, '"%s" is not in a layer' % header
        elif (layers.rank[target] >= layers.rank[folder]
              and header not in layers.uses.get(folder, ())):
            yield line, '%s may not include "%s"' % (folder, header)


def rule_third(file, layers):
    """A third-party header is included in one file; tests and benchmarks may ask it as a peer."""
    if file.path.startswith(("tests/", "bench/")):
        return
    for match in re.finditer(r"^#include <([^>]+)>", file.text, re.M):
        header = match.group(1)
        if header.endswith(".h") and header[:-2] in STANDARD:
            continue
        if layers.third.get(header) != file.path:
            place = layers.third.get(header, "a line \"third\" in tools/layers.txt")
            yield file.line_at(match.start()), "<%s> belongs in %s" % (header, place)


def function_bodies(file):
    """(line of "{", line of "}") of each function: braces stand alone in the first column."""
    begin = None
    for number, line in enumerate(file.code.split("\n"), 1):
        if line.rstrip() == "{":
            begin = number
        elif line.rstrip() == "}" and begin is not None:
            yield begin, number
            begin = None


def rule_function_lines(file, _layers):
    """A function has at most 70 lines."""
    for begin, end in function_bodies(file):
        if end - begin + 1 > FUNCTION_LINES_MAX:
            yield begin, "function of %d lines, %d at most" % (end - begin + 1, FUNCTION_LINES_MAX)


def rule_file_lines(file, _layers):
    """A file has at most 800 lines."""
    if len(file.lines) - 1 > FILE_LINES_MAX:
        yield 1, "file of %d lines, %d at most" % (len(file.lines) - 1, FILE_LINES_MAX)


def calls(file, words):
    """(line, word) for each call of one of the words that is not a member of a struct."""
    pattern = r"(?<![\w.>])(%s)\s*\(" % "|".join(words.split())
    for match in re.finditer(pattern, file.code):
        yield file.line_at(match.start()), match.group(1)


def rule_banned(file, layers):
    """Calls that cannot be used safely; tests and benchmarks may start other programs."""
    words = BANNED + ("" if file.path.startswith(("tests/", "bench/")) else " " + SHELL)
    for line, word in calls(file, words):
        if (file.path, word) not in layers.allowed:
            yield line, "%s is banned" % word


def rule_world(file, layers):
    """The library does not print, exit, or read the environment or the clock."""
    if file.folder() in (None, "base", "cli"):
        return
    for line, word in calls(file, WORLD):
        if (file.path, word) not in layers.allowed:
            yield line, "%s is called outside src/base and src/cli" % word


def rule_heap(file, layers):
    """Memory comes from base/alloc.h."""
    if file.folder() is None or file.path == "src/base/alloc.c":
        return
    for line, word in calls(file, HEAP):
        if (file.path, word) not in layers.allowed:
            yield line, "%s is called outside src/base/alloc.c" % word


def rule_left_over(file, _layers):
    """Unfinished work stands in the tracker."""
    for number, line in enumerate(file.lines, 1):
        match = LEFT_OVER.search(line)
        if match:
            yield number, "%s does not belong in the tree" % match.group(1)


def rule_machine(file, _layers):
    """No paths of one machine, no hosts of package registries."""
    for number, line in enumerate(file.lines, 1):
        match = MACHINE.search(line)
        if match:
            yield number, "\"%s\" is a place on somebody's machine or a registry" % match.group(0)


def rule_columns(file, _layers):
    """Lines have at most 100 columns; shell scripts hold whole command lines and may be wider."""
    if not (file.is_code or file.path.endswith(SCRIPTS)) or file.path.endswith(".sh"):
        return
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, "line of %d columns, %d at most" % (len(line), COLUMNS_MAX)


def rule_space(file, _layers):
    """No white space at the end of a line, and a line end at the end of the file."""
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "no line end at the end of the file"


def rule_guard(file, _layers):
    """A header's guard is named after its path."""
    if not file.is_header:
        return
    path = re.sub(r"^(src|include)/", "", file.path)
    guard = re.sub(r"[^A-Z0-9]", "_", path.upper())
    guard = guard if guard.startswith("WANLIU_") else "WL_" + guard
    if "#ifndef %s\n#define %s\n" % (guard, guard) not in file.text:
        yield 1, "header guard must be %s" % guard


def rule_opening(file, _layers):
    """A file opens with a comment; a test's says its goal and method."""
    if not file.text.startswith("/*"):
        yield 1, "file does not open with a comment"
    elif re.match(r"tests/.*/test_\w+\.c$", file.path):
        opening = file.text[:file.text.find("*/")]
        if "Goal:" not in opening or "Method:" not in opening:
            yield 1, "a test opens with its Goal: and Method:"


DIRECTIVE = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*", re.M)
ITEM = re.compile(r"(?P<doc>^/\*.*?\*/)|(?P<blank>^\s*$)|"
                  r"^(?!#|typedef|extern|static_assert)[\w\s*]*?\b(?P<name>wl_\w+)\([^;{]*[;{]",
                  re.S | re.M)


def rule_doc(file, _layers):
    """Each wl_ function in a header stands under a comment that starts with the group's first."""
    if not file.is_header or not file.path.startswith(("src/", "include/")):
        return
    first, n_group = None, 0
    text = DIRECTIVE.sub(lambda match: "#" + file.blank(match)[1:], file.text)
    for match in ITEM.finditer(text):
        line = file.line_at(match.start())
        if match.group("doc"):
            first = re.match(r"/\*\s*(\S*)", match.group("doc")).group(1)
            n_group = 0
        elif match.group("blank") is not None:
            if re.match(r"wl_\w+(?<!_fn)$", first or "") and n_group == 0:
                yield line, "the comment on %s has no declaration under it" % first
            first = None
        elif first is None:
            yield file.line_at(match.start("name")), "%s has no comment" % match.group("name")
        else:
            n_group += 1
            if n_group == 1 and first != match.group("name"):
                yield line, "comment on %s starts with \"%s\"" % (match.group("name"), first)
            if n_group > GROUP_MAX:
                yield line, "more than %d functions under one comment" % GROUP_MAX


DEFINITION = re.compile(r"^(?P<head>\w[\w\s*]*?)\b(?P<name>\w+)\([^;{}]*\)\s*\n\{", re.M)


def rule_name(file, _layers):
    """Functions others can see are called wl_*; those of one file are not."""
    if file.folder() is None or file.is_header:
        return
    for match in DEFINITION.finditer(file.code):
        name = match.group("name")
        is_static = re.search(r"\bstatic\b", match.group("head")) is not None
        if is_static == name.startswith("wl_") and name != "main":
            yield file.line_at(match.start("name")), "%s function is called %s" % (
                "static" if is_static else "visible", name)


C_RULES = (rule_include, rule_third, rule_function_lines, rule_file_lines, rule_banned, rule_world,
           rule_heap, rule_guard, rule_opening, rule_doc, rule_name)
TEXT_RULES = (rule_left_over, rule_machine, rule_columns, rule_space)


def tree_faults(files, layers):
    """What no single file shows: names used twice, and stages without their page."""
    seen = {}
    paths = set(files)
    for path in sorted(files):
        if path.endswith(CODE):
            name = os.path.basename(path)
            if name in seen:
                yield path, 1, "unique", "%s is called like %s" % (path, seen[name])
            seen[name] = path
    for stage in layers.stages:
        folder = "src/%s/" % stage
        has_code = any(path.startswith(folder) and path.endswith(CODE) for path in files)
        if has_code and folder + "README.md" not in paths:
            yield folder, 1, "readme", "a stage opens with a README.md"


def paths_of_git(root):
    """None without git, without a repository, and in a repository of somebody else."""
    if not os.path.exists(os.path.join(root, ".git")):
        return None
    command = ["git", "-C", root, "ls-files", "-co", "--exclude-standard"]
    try:
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return output.split("\n")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None


def list_files(root):
    """Paths of the tree as git sees it, or all but made ones where git cannot tell."""
    paths = paths_of_git(root)
    if paths is None:
        paths = [path for path in (os.path.relpath(os.path.join(folder, name), root)
                                   for folder, _, names in os.walk(root) for name in names)
                 if not path.startswith(MADE)]
    return [path for path in paths
            if path.endswith(TEXT) and not path.startswith(DATA_FOLDERS)
            and os.path.isfile(os.path.join(root, path))]


def faults(root):
    """All faults of a tree: (path, line, rule, text), in order."""
    layers = Layers(root)
    paths = list_files(root)
    found = list(tree_faults(paths, layers))
    for path in paths:
        file = File(root, path)
        for rule in (C_RULES if file.is_code else ()) + TEXT_RULES:
            name = rule.__name__[len("rule_"):]
            found += [(path, line, name, text) for line, text in rule(file, layers)]
    return sorted(found)


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = faults(sys.argv[1] if len(sys.argv) > 1 else here)
    for fault in found:
        print("%s:%d: %s: %s" % fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
