"""The drawer of whole pictures: heads with skins, hair, clothes and what stands before them, and what each pixel shows."""
