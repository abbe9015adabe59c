"""Heads that stand in the scene, written for game engines and printers."""
