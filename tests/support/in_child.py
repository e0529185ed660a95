"""What programs in processes of their own have at hand."""

import asyncio
import logging
import os
import sys
import threading

import voxsip
from voxsip._sync.loop_thread import LoopThread

# asyncio's debug mode reports callbacks that took long; how long is up to the machine
logging.getLogger("asyncio").addFilter(lambda record: not record.msg.startswith("Executing "))


def say(*words):
    print(*words, flush=True)


def hear():
    return sys.stdin.readline().strip()


def wait_for_child(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def loop_threads():
    return [thread for thread in threading.enumerate() if thread.name == "voxsip-loop"]


def leftovers():
    """Return what runs on the loop thread that should not."""

    async def names():
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return {str(task.get_coro()) for task in others}

    return {name for name in LoopThread().run(names()) if "_Service._until_stopped" not in name}


def without_uvloop():
    sys.modules["uvloop"] = None


# What multiprocessing calls must be found by name


def count_registrations():
    with voxsip.Client() as client:
        return len(list(client.sip_registrations.list()))


def bind_nothing():
    with voxsip.Client() as client:
        client.sip_registrations.bind(sip_registration_id=1000, application_id=1)
