"""Functions of a notebook, and questions whose answers call them."""

from __future__ import annotations

from pathlib import Path

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
WEATHER = 'Let me see. => get_weather {"city": "Paris"} | It is $outputs.'
SUNNY = ["Let", "me", "see.", "It", "is", "sunny", "in", "Paris."]
TWO = '=> get_weather {"city": "Paris"} & add {"a": 1, "b": 2} | Both: $outputs.'
CHAIN = '=> add {"a": 1, "b": 2} | => add {"a": 3, "b": 4} | Sums: $outputs.'
FUNCTIONS = '''
import asyncio, enum, time
from dataclasses import dataclass

called = []

def get_weather(city: str) -> str:
    """Weather now.

    Args:
        city: The city's name.
    """
    called.append(city)
    print(f"asked for {city}")
    return f"sunny in {city}"

def add(a: int, b: int) -> int:
    called.append((a, b))
    return a + b

def broken(a: int):
    called.append(a)
    raise ValueError("no such thing")

async def later(a: int):
    await asyncio.sleep(0.01)
    called.append(a)
    return {"a": a}

def slow(a: int):
    called.append("slow")
    time.sleep(30)

async def slow_async(a: int):
    try:
        await asyncio.sleep(30)
    finally:
        called.append("async ended")

@dataclass
class Place:
    city: str
    days: int = 1

class Unit(enum.Enum):
    C = "celsius"

class Station:
    def __init__(self):
        self.asked = []

    def forecast(self, place: Place, unit: Unit = Unit.C):
        """Forecast."""
        self.asked.append((place, unit))
        return [place.city, place.days, unit.name]

station = Station()
not_a_tool = lambda x: x
def anything(**values): ...
'''
