"""The panel 画像: who the customer is, where he came from, his stage, and what happened so far."""
