"""The methods about the bot itself, its commands and names, and about chats and their members."""

import re
from collections.abc import Callable
from typing import Any, Final

from sandbox.calls import Call
from sandbox.errors import bad_request, forbidden
from sandbox.state import Bot, Json
from sandbox.world import World

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_MOST_COMMANDS: Final = 100
_MOST_COMMAND_DESCRIPTION: Final = 256
_LENGTHS: Final = {"name": 64, "description": 512, "short_description": 120}


def get_me(call: Call) -> Json:
    """Return the bot's own account."""
    bot = call.world.bot(call.token)
    return {
        **bot.user,
        "can_join_groups": True,
        "can_read_all_group_messages": bot.reads_groups,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(call: Call) -> bool:
    """Set the commands for a scope and a language."""
    commands = call.arguments.decoded_list("commands") or []
    if len(commands) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    listed = []
    for command in commands:
        name = str(command.get("command", "")).removeprefix("/") if isinstance(command, dict) else ""
        if not _COMMAND.fullmatch(name):
            raise bad_request("BOT_COMMAND_INVALID")
        description = str(command.get("description", "")).strip()
        if not 1 <= len(description) <= _MOST_COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        listed.append({"command": name, "description": description})
    _set_commands(call, listed)
    return True


def get_my_commands(call: Call) -> list[Json]:
    """Return the commands of exactly this scope and language."""
    listed: list[Json] = call.world.bot(call.token).settings.get("commands", {}).get(_scope(call), [])
    return listed


def delete_my_commands(call: Call) -> bool:
    """Remove the commands of a scope and a language; wider ones then show through."""
    _set_commands(call, [])
    return True


def commands_for(bot: Bot, chat: Json, language_code: str) -> list[Json]:
    """Return the commands a person sees in a chat: the narrowest scope, then their language, then any."""
    sets: dict[str, list[Json]] = bot.settings.get("commands", {})
    kind = "all_private_chats" if chat["type"] == "private" else "all_group_chats"
    language = language_code.partition("-")[0]
    for scope in (f"chat:{chat['id']}", kind, "default"):
        for spoken in (language, ""):
            listed = sets.get(f"{scope}|{spoken}")
            if listed:
                return listed
    return []


def get_chat(call: Call) -> Json:
    """Return a chat in full."""
    chat = call.world.chat(call.arguments.required_chat_id())
    accepted = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"),
        False,
    )
    return {**chat, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": accepted}


def get_chat_member(call: Call) -> Json:
    """Return what a user is in a chat."""
    chat_id = call.arguments.required_chat_id()
    call.world.chat(chat_id)
    user_id = call.arguments.integer("user_id")
    bot = call.world.bot(call.token)
    conversation = call.world.state.conversation(call.token, chat_id)
    if user_id == bot.user["id"]:
        gone = conversation.blocked
        return {"user": bot.user, "status": "left" if gone else "member"}
    user = call.world.state.users.get(user_id)
    if user is None:
        raise bad_request("member not found")
    members = call.world.state.members.get(chat_id, [chat_id])
    return {"user": user, "status": "member" if user_id in members else "left"}


def leave_chat(call: Call) -> bool:
    """Leave a group; a private chat cannot be left."""
    chat_id = call.arguments.required_chat_id()
    if call.world.chat(chat_id)["type"] == "private":
        raise bad_request("chat member status can't be changed in private chats")
    if call.world.state.conversation(call.token, chat_id).blocked:
        raise forbidden("bot is not a member of the group chat")
    door: Json = {"is": "door", "token": call.token, "chat_id": chat_id}
    call.world.commit({**door, "started": False, "blocked": True})
    return True


def accept(call: Call) -> bool:
    """Take a call that changes nothing here: closing and logging out of a server, the menu button."""
    call.world.bot(call.token)
    return True


def change_setting(world: World, token: str, name: str, value: Any) -> None:  # noqa: ANN401  any JSON value
    """Remember a setting of a bot; setting what is already so writes nothing."""
    if world.bot(token).settings.get(name) != value:
        world.commit({"is": "setting", "token": token, "name": name, "value": value})
        world.events.publish("settings")


def _scope(call: Call) -> str:
    scope = call.arguments.decoded_object("scope") or {"type": "default"}
    kind = str(scope.get("type", "default"))
    place = f":{scope['chat_id']}" if "chat_id" in scope else ""
    person = f":{scope['user_id']}" if "user_id" in scope else ""
    return f"{kind}{place}{person}|{call.arguments.text('language_code') or ''}"


def _set_commands(call: Call, listed: list[Json]) -> None:
    sets = dict(call.world.bot(call.token).settings.get("commands", {}))
    sets[_scope(call)] = listed
    change_setting(call.world, call.token, "commands", sets)


def _setter(name: str) -> Callable[[Call], bool]:
    def set_text(call: Call) -> bool:
        text = call.arguments.text(name) or ""
        if len(text) > _LENGTHS[name]:
            raise bad_request(f"{name.replace('_', ' ')} is too long")
        texts = dict(call.world.bot(call.token).settings.get(name, {}))
        texts[call.arguments.text("language_code") or ""] = text
        change_setting(call.world, call.token, name, texts)
        return True

    return set_text


def _getter(name: str) -> Callable[[Call], Json]:
    def get_text(call: Call) -> Json:
        bot = call.world.bot(call.token)
        texts = bot.settings.get(name, {})
        fallback = texts.get("") or (bot.user["first_name"] if name == "name" else "")
        return {name: texts.get(call.arguments.text("language_code") or "") or fallback}

    return get_text


METHODS: Final[dict[str, Callable[[Call], Any]]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": accept,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "leaveChat": leave_chat,
    "close": accept,
    "logOut": accept,
}
