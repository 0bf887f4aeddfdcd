"""Compares names across scripts, spellings, orders of words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import combining, name, normalize

from .characters import READINGS, SIMPLIFIED

# For each Korean letter: first Revised Romanisation, then McCune-Reischauer, then what else was and is in use. All
# are compared without diacritics, apostrophes, hyphens and spaces, so that McCune-Reischauer's ŏ is an o here.
INITIALS = (
    "g k", "kk kk gg k", "n n", "d t", "tt tt dd t", "r r n l", "m m", "b p", "pp pp bb p", "s s sh", "ss ss s", "",
    "j ch c",     "jj tch cch ch", "ch ch c tch", "k k", "t t", "p p", "h h",
)  # fmt: skip
VOWELS = (
    "a a ah", "ae ae ai ay", "ya ya", "yae yae", "eo o u eu uh ou", "e e ei eh ay", "yeo yo you yu yeu", "ye ye",
    "o o oh", "wa wa oa", "wae wae oae", "oe oe oi we", "yo yo", "u u oo ou", "wo wo weo", "we we", "wi wi",
    "yu yu yoo", "eu u y", "ui ui eui i", "i i ee y ih",
)  # fmt: skip
FINALS = (
    "", "k k g c", "k k g", "k k", "n n", "n n", "n n", "t t d", "l l r", "k k l", "m m l", "l l p", "l l", "l l",
    "l l p", "l l", "m m", "p p b", "p p", "t t d s", "t t d s", "ng ng", "t t d j", "t t d ch", "k k", "t t d",
    "p p b", "t t h",
)  # fmt: skip
LONGEST_SYLLABLE = 8  # letters
NASAL = {"k": "ng", "t": "n", "p": "m"}  # how a final is spoken before n, m and r: Gungmin for 국민
# Family names have spellings of their own, which no rule gives.
FAMILY = {
    "이": "i yi lee rhee ri li rhie ree", "박": "bak pak park", "김": "gim kim", "최": "choe choi choy",
    "노": "no ro roh noh", "임": "im lim rim yim", "유": "yu yoo ryu you",
    "정": "jeong chong chung jung cheong", "조": "jo cho", "오": "o oh", "우": "u woo",
    "양": "yang ryang", "신": "sin shin", "안": "an ahn", "여": "yeo yo ryo lyuh",
    "허": "heo ho huh hur",
}  # fmt: skip
NEAR = 0.88  # the share of letters in common from which on two spellings are alike
HANGUL, LATIN, HAN = "Hang", "Latn", "Hani"
FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3
SCRIPTS = {"HANGUL": HANGUL, "LATIN": LATIN, "CJK": HAN, "CYRILLIC": "Cyrl", "HIRAGANA": "Jpan", "KATAKANA": "Jpan"}


@dataclass(frozen=True)
class Likeness:
    """How much two names are alike, from 0 to 1, and in what way, in words."""

    degree: float
    how: str


@lru_cache(maxsize=8192)
def script(text: str) -> str:
    """The script of most letters of a name, as ISO 15924 writes it; '' where there are none."""
    count: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            found = SCRIPTS.get(name(char, "").split(" ")[0], "Zyyy")
            count[found] = count.get(found, 0) + 1
    return max(count, key=lambda found: count[found]) if count else ""


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """A name without case, diacritics and punctuation, its words one space apart; Korean in whole syllables."""
    plain = "".join(char for char in normalize("NFKD", text.casefold()) if not combining(char))
    plain = re.sub(r"(?<=\w)[.'’ʼʻ‘](?=\w|$)", "", normalize("NFC", plain))
    return " ".join(re.findall(r"\w+", plain))


def plain(text: str) -> str:
    """A name without the marks of romanisations: diacritics, apostrophes, and hyphens between syllables."""
    if script(text) != LATIN:
        return text
    bare = "".join(char for char in normalize("NFKD", text) if not combining(char))
    return re.sub(r"(?<=\w)['’ʼʻ‘-](?=[a-z])", "", normalize("NFC", bare))


def compare(ours: str, theirs: str) -> Likeness | None:
    """How two names are alike; None if they are not."""
    left, right = folded(ours), folded(theirs)
    if not left or not right:
        return None
    if left == right:
        return Likeness(1.0, "the same name")
    if left.replace(" ", "") == right.replace(" ", ""):
        return Likeness(0.98, "the same name, spaced otherwise")
    scripts = (script(ours), script(theirs))
    if scripts[0] == scripts[1]:
        return _same_script(left, right, scripts[0])
    if set(scripts) == {HANGUL, LATIN}:
        korean, latin = (ours, theirs) if scripts[0] == HANGUL else (theirs, ours)
        return romanised(korean, latin)
    if set(scripts) == {HANGUL, HAN}:
        korean, chinese = (left, right) if scripts[0] == HANGUL else (right, left)
        return read_in_korean(korean, chinese)
    return None


def _same_script(left: str, right: str, written: str) -> Likeness | None:
    if written == HAN and _simplified(left) == _simplified(right):
        return Likeness(0.98, "the same name in other forms of its characters")
    if _words(left) == _words(right):
        return Likeness(0.95, "the same words in another order")
    words = left.split(), right.split()
    short, long = sorted(words, key=len)
    if written == LATIN and len(short) > 1 and set(short) < set(long):
        return Likeness(0.6, "all words of the shorter name")
    if written == LATIN and _sounds(left) == _sounds(right):
        return Likeness(0.7, "two ways to romanise one Korean name")
    if written == LATIN and _sounds(_words(left)) == _sounds(_words(right)):
        return Likeness(0.65, "two ways to romanise one Korean name, in another order")
    size = sorted((len(left), len(right)))
    pairs = _pairs(left), _pairs(right)
    # else no letters in common can be enough; each letter that differs takes two pairs of letters with it
    if size[0] > 5 and 2 * size[0] / sum(size) >= NEAR and 2 * len(pairs[0] & pairs[1]) >= min(map(len, pairs)):
        from difflib import SequenceMatcher

        pair = SequenceMatcher(None, left, right)
        if pair.quick_ratio() >= NEAR and (ratio := pair.ratio()) >= NEAR:
            return Likeness(0.5, f"spelt alike ({ratio:.0%})")
    return None


def _simplified(chinese: str) -> str:
    return "".join(SIMPLIFIED.get(char, char) for char in chinese.replace(" ", ""))


def read_in_korean(korean: str, chinese: str) -> Likeness | None:
    """Whether a name in Chinese characters is read as this one in Hangul, as hanja are."""
    syllables, characters = korean.replace(" ", ""), chinese.replace(" ", "")
    if len(syllables) != len(characters):
        return None
    if all(char == said or said in READINGS.get(char, "") for char, said in zip(characters, syllables, strict=True)):
        return Likeness(0.95, f"{chinese} is read {korean} in Korean")
    return None


@lru_cache(maxsize=8192)
def _words(text: str) -> str:
    return " ".join(sorted(text.split()))


@lru_cache(maxsize=8192)
def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[place : place + 2] for place in range(len(text) - 1))


@lru_cache(maxsize=8192)
def _sounds(latin: str) -> str:
    """A rough key that the usual romanisations of one Korean name share: Koje Do and Geoje-do, not Seoul and Sol."""
    key = latin.replace(" ", "")
    for old, new in (
        ("ch", "c"), ("sh", "s"), ("j", "c"), ("g", "k"), ("d", "t"), ("b", "p"), ("rh", "r"), ("l", "r"), ("oo", "u"),
        ("ee", "i"), ("yeo", "yo"), ("you", "yo"), ("eo", "o"), ("eu", "o"), ("nk", "ng"),
    ):  # fmt: skip
        key = key.replace(old, new)
    return re.sub(r"(.)\1", r"\1", key)


def romanised(korean: str, latin: str) -> Likeness | None:
    """Whether a Latin name can stand for a Korean one, and by which system."""
    syllables = [char for char in normalize("NFC", korean) if FIRST_SYLLABLE <= ord(char) <= LAST_SYLLABLE]
    words = folded(latin).split()
    letters = sum(map(len, words))
    if not syllables or len(syllables) > 40 or not len(syllables) <= letters <= LONGEST_SYLLABLE * len(syllables):
        return None
    orders = {"".join([words[-1], *words[:-1]]): ", family name last"} if len(words) > 1 else {}
    orders["".join(words)] = ""
    orders = dict(reversed(orders.items()))  # as it stands first
    for text, order in orders.items():
        for which, system in ((0, "Revised Romanisation"), (1, "McCune–Reischauer")):
            if re.fullmatch(_pattern("".join(syllables), which), text):
                return Likeness(0.95, f"{latin} is {korean} in {system}{order}")
    for text, order in orders.items():
        if len(text) <= 200 and re.fullmatch(_pattern("".join(syllables), None), text):
            return Likeness(0.85, f"{latin} is a romanisation of {korean} in use{order}")
    return None


@lru_cache(maxsize=512)
def _pattern(korean: str, which: int | None) -> str:
    """What Latin letters may stand for these syllables: by one system (0 Revised, 1 McCune-Reischauer), or any."""
    parts = []
    cut = [divmod(ord(char) - FIRST_SYLLABLE, 28) for char in korean]
    for place, (char, (head, final)) in enumerate(zip(korean, cut, strict=True)):
        initial, vowel = divmod(head, 21)
        ending = FINALS[final].split()
        follows = cut[place + 1][0] // 21 if place + 1 < len(cut) else None
        if follows in (2, 5, 6):  # n, r, m
            ending += [NASAL[sound] for sound in ending if sound in NASAL]
        if follows == 11 and final:  # a final goes over to a syllable that begins with a vowel
            ending += INITIALS_OF_FINALS.get(final, [])
        if which is None:
            onset, core = INITIALS[initial].split(), VOWELS[vowel].split()
            if place and initial == 5:
                onset += ["n", "l"]
        else:
            onset, core = _by(INITIALS[initial], which), _by(VOWELS[vowel], which)
            if which == 1:  # McCune-Reischauer voices between vowels: both letters are right in some place
                onset += INITIALS[initial].split()[:1]
        spoken = _any(onset) + _any(core) + _any(ending)
        if place == 0 and which is None and char in FAMILY:
            spoken = f"(?:{spoken}|{_any(FAMILY[char].split())})"
        parts.append(spoken)
    return "".join(parts)


INITIALS_OF_FINALS = {1: ["g"], 7: ["d"], 8: ["r"], 17: ["b"], 19: ["s"], 22: ["j"]}


def _by(spellings: str, which: int) -> list[str]:
    found = spellings.split()
    return [found[min(which, len(found) - 1)]] if found else []


def _any(spellings: list[str]) -> str:
    unique = sorted(dict.fromkeys(spellings), key=len, reverse=True)
    return f"(?:{'|'.join(unique)})" if len(unique) > 1 else "".join(unique)


def language_of(name: str, language: str) -> str:
    """The language to search a name in: what it is marked as, or what its script says."""
    written = script(name)
    if written in (HANGUL, HAN):
        return "ko" if written == HANGUL else "zh"
    return language.partition("-")[0] or "en"
