from tests.support.postgres import postgres, store  # noqa: F401 - fixtures
