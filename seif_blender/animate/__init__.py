"""Working with a head that stands in the scene: the photo's expression, resetting, keying, its origin."""
