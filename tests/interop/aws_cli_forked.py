"""The AWS CLI of Debian, loaded once and forked for each command: of the second and a half
that a command takes most is the loading of Python's modules, and a test has ninety.

Usage: aws_cli_forked.py REQUESTS ANSWERS (two named pipes). A request is one line, the name
of a file of words that end in NUL: access key, secret key, where standard output and standard
error go, the command's arguments. The answer is a line with the exit status."""
import os
import sys
import traceback

import awscli.clidriver


def command(words):
    key, secret, out, err, *arguments = words
    os.environ.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
    for name, descriptor in (("/dev/null", 0), (out, 1), (err, 2)):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["aws", *arguments]
    return awscli.clidriver.main()


def run(words):
    pid = os.fork()
    if pid == 0:
        status = 255
        try:
            status = command(words)
        except SystemExit as end:
            status = end.code
        except BaseException:  # nothing of the child goes on in the parent's loop
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


requests, answers = sys.argv[1:]
awscli.clidriver.create_clidriver()  # which loads what a command needs
while True:
    with open(requests, encoding="utf-8") as pipe:
        name = pipe.readline().rstrip("\n")
    if not name:
        break
    with open(name, encoding="utf-8") as file:
        status = run(file.read().split("\0")[:-1])
    with open(answers, "w", encoding="utf-8") as pipe:
        print(status, file=pipe)
