"""A program that orders a report, waits for it and saves it: `report_program.py PATH`.

Prints the size of the file, that which the service says, and the MiB that the download took.
"""

import asyncio
import sys
from pathlib import Path

import voxsip
from benchmarks.memory import peak, resident


async def main(path):
    async with voxsip.AsyncClient(timeout=300) as client:
        history = client.history
        number = (await history.request_call_history()).history_report_id
        ready = []
        while not ready:
            ready = list(await history.list_reports(history_report_id=number, is_completed=True))
        before = resident()
        await history.download_report(history_report_id=number).save(path)
        print(path.stat().st_size, ready[0].file_size, (peak() - before) // 2**20)


asyncio.run(main(Path(sys.argv[1])))
