"""How to reach the broker: one place that turns settings into what FastStream and aiokafka take."""

import ssl
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.chassis.settings import ServiceSettings

_MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def security_of(settings: ServiceSettings) -> BaseSecurity | None:
    """TLS and credentials for FastStream; None for a plain listener.

    Raises:
        OSError: the certificate authority's file can't be read.
    """
    protocol = settings.kafka_security_protocol
    context = None
    if protocol in {"SSL", "SASL_SSL"}:
        cafile = str(settings.kafka_ca_file) if settings.kafka_ca_file else None
        context = ssl.create_default_context(cafile=cafile)
    if protocol.startswith("SASL") and settings.kafka_username and settings.kafka_password:
        return _MECHANISMS[settings.kafka_sasl_mechanism](
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=context,
        )
    return BaseSecurity(ssl_context=context) if context else None


def client_arguments(settings: ServiceSettings) -> dict[str, Any]:
    """What every aiokafka client of ours is made with."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "request_timeout_ms": settings.kafka_request_timeout_ms,
        **parse_security(security_of(settings)),
    }
