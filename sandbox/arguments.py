"""The arguments of a call: from its address, JSON, a form or a multipart body, read as the Bot API does."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sandbox.attachments import MOST_DOCUMENT_BYTES, Upload
from sandbox.errors import bad_request, too_large

_MOST_FIELD_BYTES: Final = 4 * 1024 * 1024
_MOST_BODY_BYTES: Final = MOST_DOCUMENT_BYTES + _MOST_FIELD_BYTES
_TRUE: Final = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Named values, text or decoded JSON, and the files that came along."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a string; None when it was not given."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float)):
            return str(value)
        raise bad_request(f'can\'t parse field "{name}": a String is expected')

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number, or the default when it was not given.

        Raises:
            ApiError: 400 for anything else.
        """
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            raise bad_request(f'invalid value of "{name}": an Integer is expected') from None

    def flag(self, name: str) -> bool:
        """Return whether something was switched on."""
        return str(self.values.get(name, "")).lower() in _TRUE

    def decoded(self, name: str) -> Any:  # noqa: ANN401  JSON of any shape; the caller checks it
        """Return a JSON value, decoded where it came as text; None when it was not given.

        Raises:
            ApiError: 400 when the text is not JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def decoded_object(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object; None when it was not given.

        Raises:
            ApiError: 400 when it is something else.
        """
        value = self.decoded(name)
        if value is None or isinstance(value, dict):
            return value
        raise bad_request(f"object expected as {name.replace('_', ' ')}")

    def decoded_list(self, name: str) -> list[Any] | None:
        """Return a JSON array; None when it was not given.

        Raises:
            ApiError: 400 when it is something else.
        """
        value = self.decoded(name)
        if value is None or isinstance(value, list):
            return value
        raise bad_request(f"can't parse {name}: expected an Array")

    @property
    def chat_id(self) -> int | None:
        """The chat the call is about, where its number was given."""
        try:
            return int(str(self.values["chat_id"]))
        except (KeyError, ValueError):
            return None

    def required_chat_id(self) -> int:
        """Return the chat the call is about.

        Raises:
            ApiError: 400 when it was not given, or is a name: nothing here has a public name.
        """
        if self.values.get("chat_id") in (None, ""):
            raise bad_request("chat_id is empty")
        if self.chat_id is None:
            raise bad_request("chat not found")
        return self.chat_id


async def read_arguments(request: Request) -> Arguments:
    """Read the arguments of a request; those in the body win over those in the address.

    Raises:
        ApiError: 400 for a body that cannot be read, 413 for one larger than 50 MB and its fields.
    """
    if int(request.headers.get("content-length", "0")) > _MOST_BODY_BYTES:
        raise too_large()
    values: dict[str, Any] = dict(request.query_params)
    files: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        values |= _json_object(await request.body())
    elif kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        try:
            form = await request.form(max_part_size=_MOST_FIELD_BYTES)
        except (HTTPException, UnicodeDecodeError, KeyError):
            raise bad_request("can't parse the request body") from None
        try:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = await read_upload(value)
                else:
                    values[name] = value
        finally:
            await form.close()
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return Arguments(values=values, files=files)


async def read_upload(file: UploadFile) -> Upload:
    """Read a file of a form.

    Raises:
        ApiError: 413 when it is over 50 MB.
    """
    if (file.size or 0) > MOST_DOCUMENT_BYTES:
        raise too_large()
    name = (file.filename or "file").replace("\\", "/").rpartition("/")[2] or "file"
    return Upload(name=name, mime=file.content_type or "application/octet-stream", content=await file.read())


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise bad_request("can't parse the request body as JSON") from None
    if not isinstance(decoded, dict):
        raise bad_request("can't parse the request body: a JSON object is expected")
    return decoded
