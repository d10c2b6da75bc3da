"""What changed: findings, ranked by surprise."""
