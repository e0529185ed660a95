from tests.support.postgres import postgres, store, store_address  # noqa: F401 - fixtures
from voxsip.shared._local_server import find_programs

POSTGRES_TOOLS = find_programs()
