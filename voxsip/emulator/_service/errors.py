"""The exception of a refused command."""

from __future__ import annotations

from typing import Any

from voxsip.emulator._service.spec import error_names


class RefusedError(Exception):
    """Explain why a command is refused.

    Args:
        code: error number of the Management API.
        msg: the text of the reply; by default the number's name in words.
        details: the reply's `details`, if there are any.
    """

    def __init__(
        self, code: int, msg: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        self.code = code
        self.msg = msg or error_names().get(code, "UNKNOWN_ERROR").replace("_", " ").capitalize()
        self.details = details
        super().__init__(f"{code}: {self.msg}")

    def body(self) -> dict[str, Any]:
        """Return the reply as it goes on the wire (with HTTP status 200)."""
        error: dict[str, Any] = {"msg": self.msg, "code": self.code}
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}
