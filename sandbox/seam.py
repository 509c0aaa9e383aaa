"""The door between the sandbox's server and the play staged on it: everything the other side needs."""

from sandbox.app import build_app
from sandbox.serving import serving
from sandbox.staging import MOST_DAYS, Persona, Play, Progress, Step, StepKind
from sandbox.visitor import Visitor
from sandbox.world import World

__all__ = [
    "MOST_DAYS",
    "Persona",
    "Play",
    "Progress",
    "Step",
    "StepKind",
    "Visitor",
    "World",
    "build_app",
    "serving",
]
