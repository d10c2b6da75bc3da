"""The tour: where one is in it, kept between two starts; the line that shows it."""
