"""Front-end files: where they lie, how they are addressed, how they are served."""
