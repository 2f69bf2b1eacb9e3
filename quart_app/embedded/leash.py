"""Becomes an engine that ends with its owner. Run as a script by `children`, never imported.

Arguments: the owner's pid, the signal to get when it ends, the uid and gid to run as, then the command.

A script of its own, because Python code between fork and exec may deadlock in a process with threads, and
because the interpreter may lie where the engine's user cannot reach it: it is read first, then left.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(owner: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would hand that on
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, which would clear it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(death_signal))
        if os.getppid() != owner:  # it ended before the line above could tell us
            sys.exit("the owner is gone")
    # No PG* variable and no locale of the owner's may change what an engine does.
    os.execve(command[0], command, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"})


if __name__ == "__main__":
    _owner, _signal, _uid, _gid = map(int, sys.argv[1:5])
    main(_owner, _signal, _uid, _gid, command=sys.argv[5:])
