"""A worker that misbehaves on request: what it does stands in the photo's name, or in its second argument at start.

Runs as `misbehaving_worker.py ROOT [MODE]` in place of the bootstrap; standard library only.
"""

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

mode = sys.argv[2] if len(sys.argv) > 2 else ""
out = os.fdopen(os.dup(1), "wb", buffering=0)
os.dup2(2, 1)


def say(**message):
    out.write(json.dumps(message).encode() + b"\n")


def start():
    if mode == "missing-library":
        sys.stderr.write("Traceback ...\nModuleNotFoundError: No module named 'torch'\n")
        sys.exit(1)
    if mode == "silent":
        time.sleep(60)
    if mode == "slow-start":
        time.sleep(1.0)
    if mode == "noisy":
        out.write(b"Welcome to this library!\n")
    version = "9.9.9" if mode == "other-version" else os.environ.get("FAKE_VERSION", "0.1.0")
    say(type="ready", protocol=2 if mode == "other-protocol" else 1, version=version, python="3.11.0", pid=os.getpid())


cancelled = threading.Event()


def stop_gently(job):
    for i in range(200):
        say(type="progress", id=job, stage="Working", fraction=i / 200, total=i / 200)
        if cancelled.wait(0.02):
            return say(type="error", id=job, code="cancelled", message="cancelled")
    return None


def run(request):
    job, name = request["id"], Path(request["photo"]).name
    say(type="progress", id=job, stage="Landmarks", fraction=0.5, total=0.25)
    if name.startswith("crash"):
        sys.stderr.write("Fatal: the library fell over\n")
        sys.stderr.flush()
        os._exit(3)
    if name.startswith("traceback"):
        sys.stderr.write("Traceback ...\n  File x\nIndexError: out of range\nFatal Python error\n  <no Python frame>\n")
        sys.stderr.flush()
        os._exit(134)
    if name.startswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("garbage"):
        out.write(b"\xff\xfe this is no message\n")
        time.sleep(60)
    if name.startswith("endless-line"):
        out.write(b"x" * 3_000_000)
        time.sleep(60)
    if name.startswith("print"):
        os.write(1, b"a library prints\n")
    if name.startswith("noface"):
        return say(type="error", id=job, code="photo-unsuitable", message="No face was found; choose another photo.")
    if name.startswith("torn"):
        say(type="error", id=job, code="cancelled", message="cancelled", ending=True)
        time.sleep(60)  # it takes its time to end: nothing may be sent to it meanwhile
    if name.startswith("nofile"):
        return say(type="result", id=job, head=request["out"], photo=None, report={})
    if name.startswith("gentle"):
        return stop_gently(job)
    if name.startswith("interruptible"):
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            return say(type="error", id=job, code="cancelled", message="cancelled")
    if name.startswith("stubborn"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(60)
    if name.startswith("unknown-fields"):
        say(type="progress", id=job, stage="S", fraction=7, total=0.5, colour="blue")
    source = os.environ.get("FAKE_HEAD")
    if source:
        delay = float(os.environ.get("FAKE_SECONDS", "0"))
        for i in range(int(delay * 20)):
            if cancelled.wait(0.05):
                return say(type="error", id=job, code="cancelled", message="cancelled")
            part = (i + 1) / (delay * 20)
            say(type="progress", id=job, stage="Fitting the head", fraction=part, total=part)
        shutil.copyfile(source, request["out"])
        if os.environ.get("FAKE_PHOTO"):
            shutil.copyfile(os.environ["FAKE_PHOTO"], request["photo_out"])
    else:
        Path(request["out"]).write_bytes(b"head")
    return say(type="result", id=job, head=request["out"], photo=request.get("photo_out"), report={"seconds": 1})


start()
requests = []
arrived = threading.Semaphore(0)


def listen():
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message["type"] == "cancel":
            cancelled.set()
        else:
            requests.append(message)
            arrived.release()
    os._exit(0)


threading.Thread(target=listen, daemon=True).start()
while True:
    arrived.acquire()
    cancelled.clear()
    run(requests.pop(0))
