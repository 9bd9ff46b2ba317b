"""Our own looks, one dark and one light, and what each kind of word is painted with in every theme."""

from __future__ import annotations

from textual.theme import Theme

DARK = "curatory-dark"
LIGHT = "curatory-light"

THEMES = (
    Theme(
        name=DARK,
        primary="#7aa8f0",
        secondary="#b392f0",
        accent="#f0a35e",
        foreground="#d3d9e4",
        background="#10131a",
        surface="#151923",
        panel="#1f2531",
        success="#85cf91",
        warning="#e5c46b",
        error="#ef7b84",
        dark=True,
        variables={
            "border": "#7aa8f0",
            "border-blurred": "#323b4d",
            "block-cursor-background": "#2b3a57",
            "block-cursor-foreground": "#f2f5fa",
            "block-cursor-text-style": "bold",
            "input-selection-background": "#7aa8f0 35%",
            "scrollbar": "#2a3242",
            "scrollbar-hover": "#3b465c",
            "scrollbar-active": "#7aa8f0",
            "scrollbar-background": "#10131a",
            "scrollbar-background-hover": "#10131a",
            "scrollbar-background-active": "#10131a",
            "footer-background": "#151923",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#2560a8",
        secondary="#7646a8",
        accent="#b4561a",
        foreground="#262a33",
        background="#fbfaf7",
        surface="#f4f2ec",
        panel="#e8e5dc",
        success="#2c7a48",
        warning="#8d6200",
        error="#b02e3c",
        dark=False,
        variables={
            "border": "#2560a8",
            "border-blurred": "#c9c4b6",
            "block-cursor-background": "#d3e0f2",
            "block-cursor-foreground": "#14181f",
            "block-cursor-text-style": "bold",
            "input-selection-background": "#2560a8 25%",
            "scrollbar": "#d8d3c5",
            "scrollbar-hover": "#c5bfae",
            "scrollbar-active": "#2560a8",
            "scrollbar-background": "#fbfaf7",
            "scrollbar-background-hover": "#fbfaf7",
            "scrollbar-background-active": "#fbfaf7",
            "footer-background": "#f4f2ec",
        },
    ),
)
