"""Word lists and pseudo-words, in a training half and a held-out half that never meet."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

NAMES = """Alice Bob Carla David Emma Felix Greta Hugo Irene Jonas Karin Leo Maria Nils Olga Paul
Rosa Simon Tara Ulrich Vera Walter Yara Zoe Amir Bela Chen Dora Elif Farid Gina Hana Ivan Jana Kofi
Lena Marco Nadia Omar Petra Quinn Ravi Sofia Tom Uma Victor Wanda Xavier Yusuf Zara Anna Ben Clara
Dan Eva Frank Gloria Henry Ida Jack Kate Liam Mia Noah Oscar Pia Rita Sam Tina Vlad Will Sarah John
Peter Laura Mark Julia Max Nina Otto Lucy George Helen Adam Ruth Mary James Linda Grace
Luca""".split()
HELD_NAMES = """Benedikt Miriam Torsten Saskia Dmitri Leila Ignacio Freya Osman Pilar Rupert Selma
Tobias Ursula Viktor Winona Yolanda Zdenek Almaz Bruno Cosima Desmond Estelle Fiona Gregor Hilda
Ingrid Joachim Katya Lorenzo Mirela Norbert""".split()

CITIES = """Paris London Berlin Rome Madrid Vienna Oslo Lisbon Prague Warsaw Dublin Athens Cairo
Lima
Tokyo Delhi Sydney Toronto Chicago Boston Geneva Milan Munich Hamburg Porto Turin Bern Kyiv
Zurich
Riga Seoul Beijing Nairobi Lagos Accra Quito Havana Denver Austin Seattle Bath Leeds York Lyon Nice
Naples Bonn Cologne Dresden Basel Malaga Seville Bergen Aarhus Ghent Bruges Osaka Kyoto""".split()
HELD_CITIES = """Valencia Krakow Tallinn Reykjavik Marseille Tbilisi Montreal Adelaide Bristol
Stuttgart Granada Helsinki Ankara Hanoi Medellin Cardiff Uppsala Ljubljana""".split()

NOUNS = """project garden boat bicycle car house book song team company plan recipe printer
laptop phone camera piano guitar school street bridge river mountain lake forest island village
castle museum library kitchen office meeting report contract budget ticket flight train hotel
password codeword locker room door box bag coat hat shoe ring watch lamp table chair window
mirror clock picture letter stamp coin map flag star planet robot drone rocket engine wheel pump
sensor battery cable screen keyboard mouse folder file picnic party concert match game film play
lesson course exam class teacher doctor neighbour boss colleague partner client friend guest
order invoice parcel address number code channel group club band magazine newspaper shop
market cafe restaurant bakery farm field tree flower plant seed bird fish horse cow sheep goat
duck bee ant spider snake apple bread cheese soup salad cake tea coffee juice water wine""".split()
HELD_NOUNS = """orchard tractor violin lantern passport harbour telescope backpack greenhouse
notebook umbrella scooter compass workshop festival bakehouse saddle beacon canyon
glacier""".split()

COLOURS = "red blue green yellow orange purple pink black white grey brown silver gold teal".split()
HELD_COLOURS = "crimson turquoise beige maroon indigo lavender".split()
FOODS = """pizza pasta sushi curry soup rice bread cheese salad pancakes dumplings tacos noodles
chocolate apples mushrooms lentils waffles ramen falafel potatoes""".split()
HELD_FOODS = "paella goulash lasagna gnocchi risotto pierogi couscous".split()
JOBS = """teacher doctor nurse baker farmer pilot painter writer lawyer carpenter plumber gardener
cook engineer librarian driver designer chemist tailor dentist musician postman""".split()
HELD_JOBS = "sculptor geologist blacksmith translator electrician beekeeper".split()
PETS = "cat dog parrot hamster rabbit turtle horse goldfish pony goat canary mouse snake".split()
HELD_PETS = "ferret lizard gecko llama budgie".split()
KIN = """sister brother mother father friend son daughter wife husband boss neighbour teacher aunt
uncle cousin colleague""".split()
HELD_KIN = "nephew grandmother roommate manager".split()
VERBS = """paint repair move clean open close build sell buy carry find lose watch count measure
follow visit draw print cut wash fold hide bring send keep lift check""".split()
ADJECTIVES = """old new small large green quiet loud heavy light broken wooden empty full warm cold
bright dark slow quick tall short round square clean dusty famous strange simple""".split()
ADVERBS = "today yesterday slowly again often never soon twice carefully outside later".split()
KEYS = """name age city country street email phone title author year price colour size weight height
score level status date time day month note tags count total id type unit speed distance width
length
language genre rating owner team email address job food animal capital currency temperature
brand model stock code label group user password version message subject priority""".split()
HELD_KEYS = """altitude venue nickname deadline flavour postcode quantity director season
diameter surname salary""".split()

BLENDED = 0.4
TRAIN_INVENTED = 0.4
_ONSETS = """b bl br c ch d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sh sk sl sn st t th
tr v w x y z zh"""
_VOWELS = "a e i o u a e i o u ai au ea ee ia io oo ou y"
_CODAS = " - - - b ck d f g k l ll lt m n nd ng nk nt p r rn rt s sh st t th v x z"


def is_held_out(text: str, share: float = 0.1) -> bool:
    """Tell whether a text belongs to the held-out part, by its hash (stable across runs)."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return digest[0] < 256 * share


def blend(rng: random.Random) -> str:
    """Join the beginning of one training word and the end of another."""
    first, second = rng.choice(NOUNS + KEYS), rng.choice(NOUNS + KEYS)
    word = first[: rng.randint(2, 5)] + second[rng.randint(1, 3) :]
    return word if not is_held_out(word) else first


def pseudo_word(rng: random.Random, *, held_out: bool) -> str:
    """Invent a lower-case word; the two halves never share one."""
    onsets, vowels, codas = _ONSETS.split(), _VOWELS.split(), _CODAS.split()
    while True:
        word = ""
        for _ in range(rng.choice((1, 2, 2, 2, 3))):
            coda = rng.choice(codas)
            word += rng.choice(onsets) + rng.choice(vowels) + ("" if coda == "-" else coda)
        if 3 <= len(word) <= 11 and is_held_out(word) == held_out:
            return word


@dataclass(frozen=True)
class Words:
    """A source of slot values, either the training half or the held-out half.

    Attributes:
        held_out: take the half that is kept for the evaluation.
        invent: invent every word, as the tokenizer's text does: a word from a list that became one
            token would teach nothing about copying words that are none.
    """

    held_out: bool = False
    invent: bool = False

    def _list(self, train: list[str], held: list[str]) -> list[str]:
        return held if self.held_out else train

    def pseudo(self, rng: random.Random) -> str:
        """Return an invented lower-case word."""
        if not (self.held_out or self.invent) and rng.random() < BLENDED:
            return blend(rng)
        return pseudo_word(rng, held_out=self.held_out)

    def _mixed(self, rng: random.Random, words: list[str], invented: float) -> str:
        return self.pseudo(rng) if self.invent or rng.random() < invented else rng.choice(words)

    def name(self, rng: random.Random) -> str:
        """Return a first name, mostly invented, sometimes with a surname or odd letters."""
        draw = rng.random()
        if draw < 0.06 and not self.held_out:
            letters = "abcdefghijklmnopqrstuvwxyz"
            return "".join(rng.choice(letters) for _ in range(rng.randint(3, 8))).capitalize()
        name = self._mixed(rng, self._list(NAMES, HELD_NAMES), 0.6).capitalize()
        if draw > 0.93:
            return f"{name} {self.pseudo(rng).capitalize()}"
        return name

    def city(self, rng: random.Random) -> str:
        """Return a city, often an invented one."""
        return self._mixed(rng, self._list(CITIES, HELD_CITIES), 0.5).capitalize()

    def noun(self, rng: random.Random, invented: float = 0.12) -> str:
        """Return a common noun."""
        if not self.held_out:
            invented = max(invented, TRAIN_INVENTED)
        return self._mixed(rng, self._list(NOUNS, HELD_NOUNS), invented)

    def colour(self, rng: random.Random) -> str:
        """Return a colour."""
        return self._mixed(rng, self._list(COLOURS, HELD_COLOURS), 0.2)

    def food(self, rng: random.Random) -> str:
        """Return a food."""
        return self._mixed(rng, self._list(FOODS, HELD_FOODS), 0.2)

    def job(self, rng: random.Random) -> str:
        """Return an occupation."""
        return self._mixed(rng, self._list(JOBS, HELD_JOBS), 0.15)

    def pet(self, rng: random.Random) -> str:
        """Return a kind of animal kept at home."""
        return self._mixed(rng, self._list(PETS, HELD_PETS), 0.0 if self.held_out else 0.25)

    def kin(self, rng: random.Random) -> str:
        """Return a relation such as 'sister'."""
        return self._mixed(rng, self._list(KIN, HELD_KIN), 0.0 if self.held_out else 0.15)

    def key(self, rng: random.Random, invented: float = 0.2) -> str:
        """Return a JSON key."""
        if not self.held_out:
            invented = max(invented, TRAIN_INVENTED)
        draw = rng.random()
        if draw < 0.12:
            return f"{self.noun(rng)}_{self._mixed(rng, self._list(KEYS, HELD_KEYS), 0.0)}"
        return self._mixed(
            rng, self._list(KEYS, HELD_KEYS) + self._list(NOUNS, HELD_NOUNS), invented
        )

    def value(self, rng: random.Random) -> str:
        """Return a short free value: word, name, number or code."""
        draw = rng.random()
        if draw < 0.4:
            return self.pseudo(rng)
        if draw < 0.55:
            return self.name(rng)
        if draw < 0.65:
            return str(rng.randint(10, 9999))
        if draw < 0.85:
            return self.code(rng)
        return f"{self.noun(rng)} {self.pseudo(rng)}" if draw < 0.92 else self.noun(rng)

    def code(self, rng: random.Random) -> str:
        """Return a code such as 'blen-17', 'TROUB42', 'KX-9' or '17:45'."""
        number, word = rng.randint(1, 99), self.pseudo(rng)
        letters = "".join(
            rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(1, 3))
        )
        forms = (
            f"{word[:4]}-{number}",
            f"{word}{number}",
            f"{word.upper()}{number}",
            word.upper(),
            f"{letters}-{number}",
            f"{letters}{rng.randint(100, 9999)}",
            f"{rng.randint(0, 23)}:{rng.randint(10, 59)}",
            f"{word}{rng.randint(0, 9)}-{self.pseudo(rng)[:3]}",
        )
        return rng.choice(forms)


def sentence(rng: random.Random, words: Words) -> str:
    """Write a meaningless but grammatical sentence, used as distracting text."""
    noun, other = words.noun(rng), words.noun(rng)
    verb, adjective = rng.choice(VERBS), rng.choice(ADJECTIVES)
    form = rng.randrange(7)
    if form == 0:
        return f"The {adjective} {noun} will {verb} the {other} {rng.choice(ADVERBS)}."
    if form == 1:
        return f"{words.name(rng)} wants to {verb} a {noun} in {words.city(rng)}."
    if form == 2:
        return f"Nobody saw the {noun} near the {adjective} {other} {rng.choice(ADVERBS)}."
    if form == 3:
        return f"In {words.city(rng)} they {verb} every {noun} and {rng.choice(VERBS)} the {other}."
    if form == 4:
        return f"There were {rng.randint(2, 99)} {noun}s and one {adjective} {other}."
    if form == 5:
        return f"When the {noun} is {adjective}, we {verb} it {rng.choice(ADVERBS)}."
    return f"{words.name(rng)} and {words.name(rng)} {verb} the {adjective} {noun}."
