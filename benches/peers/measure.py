"""Runs one command and prints what it took as one line of JSON: measure.py OUTPUT SAMPLE FEED COMMAND….

A small process of its own, so that the command's peak memory is not that of a bigger parent (Linux
hands a parent's peak on to the child it starts). With SAMPLE 1 the anonymous memory (heap and
stacks, without mapped files) is read from /proc every 10 ms; timed runs pass 0 and are left alone.
FEED is a file that `cat` pipes into the command, or empty; its time is not counted as the command's.
"""

import json
import os
import sys
import threading
import time


def anonymous_bytes(pid):
    """RssAnon of a process, or 0 where /proc does not say."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def feeder(path):
    """Starts `cat path` into a pipe; returns its process and the end to read from."""
    reading, writing = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading), (os.POSIX_SPAWN_CLOSE, writing)]
    pid = os.posix_spawnp("cat", ["cat", path], os.environ, file_actions=actions)
    os.close(writing)
    return pid, reading


def main():
    output, sample, feed, *command = sys.argv[1:]
    peak, ended = 0, threading.Event()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644)]
    started = time.perf_counter()
    fed = feeder(feed) if feed else None
    if fed:
        actions += [(os.POSIX_SPAWN_DUP2, fed[1], 0), (os.POSIX_SPAWN_CLOSE, fed[1])]
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    if fed:
        os.close(fed[1])

    def watch():
        nonlocal peak
        while not ended.wait(0.01):
            peak = max(peak, anonymous_bytes(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    if sample == "1":
        watcher.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    ended.set()
    if fed:
        os.waitpid(fed[0], 0)
    report = {
        "exit": os.waitstatus_to_exitcode(status),
        "wall": wall,
        "user": usage.ru_utime,
        "sys": usage.ru_stime,
        "rss": usage.ru_maxrss * 1024,
        "anonymous": peak,
    }
    print(json.dumps(report), file=sys.stderr)


main()
