"""Heads of a whole folder of photos: what is to be done, the processes that do it, the table and the contact sheet."""
