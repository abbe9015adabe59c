"""Which viseme stands for which mouth shape of Rhubarb and which phoneme of Papagayo.

Sources: Rhubarb's nine shapes and what each is for: https://github.com/DanielSWolf/rhubarb-lip-sync, README, "Mouth
shapes"; Papagayo's phonemes: Preston Blair, Advanced Animation, 1947, in Papagayo's phonemes_preston_blair.py. The
visemes are those of `expressions.visemes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RHUBARB: Final[Mapping[str, str]] = {
    "A": "PP",  # closed for p, b, m
    "B": "kk",  # slightly open with clenched teeth: k, s, t, and "ee" as in bee
    "C": "E",  # open: "eh" as in men, "ae" as in bat
    "D": "aa",  # wide open: "aa" as in father
    "E": "O",  # slightly rounded: "ao" as in off, "er" as in bird
    "F": "U",  # puckered: "uw" as in you, w
    "G": "FF",  # upper teeth on the lower lip: f, v
    "H": "nn",  # tongue behind the upper teeth: l
    "X": "sil",  # idle
}
PRESTON_BLAIR: Final[Mapping[str, str]] = {
    "AI": "aa",
    "E": "E",
    "O": "O",
    "U": "U",
    "etc": "DD",  # c, d, g, k, n, r, s, th, y, z
    "FV": "FF",
    "L": "nn",
    "MBP": "PP",
    "WQ": "U",
    "rest": "sil",
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {"rhubarb": RHUBARB, "preston-blair": PRESTON_BLAIR}
"""The tables by `mouth_cues.MouthCues.kind`."""
