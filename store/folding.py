"""How text is compared where letter case and the way it was typed don't count."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Text without letter case and compatibility forms: `Ｄetector` is `detector`, decomposed Hangul is composed."""
    # Once is not enough: folding can bring forth what normalisation changes again.
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def variants(character: str) -> str:
    """The single characters that differ from one only by letter case, itself first."""
    found = (character, character.lower(), character.upper(), character.title())
    return "".join(dict.fromkeys(c for c in found if len(c) == 1))
