"""Registration of a surface onto the template's topology."""
