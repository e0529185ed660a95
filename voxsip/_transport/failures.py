"""What aiohttp's and the system's exceptions mean for the request: never sent, or outcome unknown.

Their text is quoted only where it cannot hold a URL or a header, and they are never chained: their frames hold both.
"""

from __future__ import annotations

import os
import ssl

import aiohttp

from voxsip._errors import NotSentError, OutcomeUnknownError, TransportError

_TRUST = "pass ssl= a CA file (PEM) or an ssl.SSLContext that trusts the server, or reach it by the name in its certificate"


def explain_failure(command: str, error: BaseException) -> TransportError:
    """Turn a failure below into a typed error.

    Arguments:
        command: the API command.
        error: what aiohttp or the system raised.
    """
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = _certificate_reason(error.certificate_error)
            return NotSentError(
                f"{command}: not sent: the certificate of {error.host} is not trusted: {reason}; {_TRUST}",
                permanent=True,
            )
        case aiohttp.ClientConnectorSSLError():
            return NotSentError(
                f"{command}: not sent: TLS handshake with {error.host} failed: {_reason(error)}"
            )
        case aiohttp.ClientConnectorError():
            return NotSentError(
                f"{command}: not sent: cannot connect to {error.host}:{error.port}: {_reason(error)}"
            )
        case aiohttp.ConnectionTimeoutError():
            return NotSentError(f"{command}: not sent: no connection within the connect timeout")
        case TimeoutError():
            return OutcomeUnknownError(
                f"{command}: no reply within the timeout; the outcome is unknown"
            )
        case aiohttp.ServerDisconnectedError():
            return OutcomeUnknownError(
                f"{command}: the server closed the connection; the outcome is unknown"
            )
        case aiohttp.ClientPayloadError():
            return OutcomeUnknownError(
                f"{command}: the reply was cut short; the outcome is unknown"
            )
        case OSError():
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            return OutcomeUnknownError(
                f"{command}: the connection broke: {reason}; the outcome is unknown"
            )
    return OutcomeUnknownError(f"{command}: {type(error).__name__}; the outcome is unknown")


def _reason(error: OSError) -> str:
    inner = getattr(error, "os_error", error)
    return getattr(inner, "reason", None) or inner.strerror or type(inner).__name__


def _certificate_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "verification failed"
    return type(error).__name__
