"""From a photo to a head in the scene: settings, operators, panel, file handler."""
