"""The tour: where one is in it, kept between two starts."""
