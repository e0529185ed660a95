"""Run the vendor's Python client: a call per line of stdin, its outcome per line of stdout.

Arguments: the API's host and port. Credentials and trust come from the environment.
"""

import inspect
import json
import re
import sys
from datetime import datetime

from voximplant.apiclient import VoximplantAPI, VoximplantException


def methods():
    """Return the client's methods by the command that each sends."""
    source = inspect.getsource(inspect.getmodule(VoximplantAPI))
    pairs = re.findall(
        r"    def (\w+)\(self(?:(?!    def ).)*?_perform_request\('(\w+)'", source, re.DOTALL
    )
    return {command: getattr(api, name) for name, command in pairs}


def taken(value):
    """Return an argument as the client takes it: moments as datetimes."""
    return datetime.fromisoformat(value["moment"]) if isinstance(value, dict) else value


api = VoximplantAPI(endpoint=sys.argv[1])
by_command = methods()
for line in sys.stdin:
    command, arguments = json.loads(line)
    try:
        outcome = by_command[command](**{name: taken(value) for name, value in arguments.items()})
    except VoximplantException as error:
        outcome = {"error": {"code": error.code}, "failure": error.message}
    except Exception as error:
        outcome = {"failure": repr(error)}
    if isinstance(outcome, bytes):
        outcome = {"file_content": outcome.decode()}
    print(json.dumps(outcome, default=str), flush=True)
