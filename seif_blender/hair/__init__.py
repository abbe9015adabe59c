"""The hair of a head that stands in the scene: which form is shown, cards made of groomed guides."""
