"""The drawer of whole pictures: heads with skins, hair, clothes, what stands before them, and what each pixel shows."""
