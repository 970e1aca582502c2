"""What the law asks, by jurisdiction: the packs as data, and what they come to for one person."""
