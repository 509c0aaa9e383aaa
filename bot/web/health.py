"""The routes that monitors ask: ``/healthz``, ``/readyz`` and ``/metrics``."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.web.metrics import CONTENT_TYPE, Metrics
from bot.web.readiness import Readiness


def routes(readiness: Readiness, metrics: Metrics) -> Sequence[BaseRoute]:
    """Return the routes: alive while the process answers at all, ready while every check is well, and the numbers."""

    async def live(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        state = await readiness.state()
        status = HTTPStatus.OK if state.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(state.as_json(), status_code=status)

    async def numbers(_request: Request) -> Response:
        return Response(await metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return (
        Route("/healthz", live, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        Route("/metrics", numbers, methods=["GET"]),
    )
