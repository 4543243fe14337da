"""The one form of every error that the gateway answers with."""

from http import HTTPStatus

from fastapi.responses import JSONResponse


def problem(status: HTTPStatus, code: str, message: str, **about: str) -> JSONResponse:
    """`{"error": {code, message, field?, value?, allowed?}}`."""
    return JSONResponse({"error": {"code": code, "message": message, **about}}, status_code=status)
