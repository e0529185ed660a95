"""Run the vendor's Python client: a call per line of stdin, its outcome per line of stdout.

Arguments: the API's host and port. Credentials and trust come from the environment.
"""

import json
import sys

from voximplant.apiclient import VoximplantAPI, VoximplantException

api = VoximplantAPI(endpoint=sys.argv[1])
for line in sys.stdin:
    method, arguments = json.loads(line)
    try:
        outcome = getattr(api, method)(**arguments)
    except VoximplantException as error:
        outcome = {"error": {"code": error.code}}
    except Exception as error:
        outcome = {"failure": repr(error)}
    print(json.dumps(outcome, default=str), flush=True)
