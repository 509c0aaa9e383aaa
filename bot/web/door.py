"""Where a process answers over HTTP: on the address of the settings, or nowhere."""

import errno
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.routing import BaseRoute

from bot.config import Listen, Settings, SettingsError
from bot.web.app import build
from bot.web.serving import serving

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(settings: Settings, routes: Sequence[BaseRoute]) -> AsyncIterator[str | None]:
    """Serve routes until the caller is done, and yield their base URL; None where nothing is served.

    The default address may be taken by another process of the same machine: then this one goes on without, and says
    so. An address that was chosen, or that Telegram's webhook needs, must be free.

    Raises:
        SettingsError: the address cannot be listened on; the message says why and what to do.
    """
    if settings.listen is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        yield await _entered(stack, settings, settings.listen, routes)


async def _entered(
    stack: AsyncExitStack, settings: Settings, listen: Listen, routes: Sequence[BaseRoute]
) -> str | None:
    try:
        url = await stack.enter_async_context(serving(build(routes), host=listen.host, port=listen.port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        if taken and settings.listens_by_default and settings.webhook_url is None:
            _log.warning(
                "port %s is taken by another process, so this one serves no health and no metrics; "
                "give it a port of its own with DUEWATCH_LISTEN",
                listen.port,
            )
            return None
        why = "the port is taken by another process" if taken else error.strerror or type(error).__name__
        raise SettingsError(
            f"DUEWATCH_LISTEN: cannot listen on {listen.host}:{listen.port}: {why}; "
            "choose another address, for example 127.0.0.1:8611, or off"
        ) from None
    _log.info("health and metrics at %s", url)
    return url
