"""Filters that build themselves: completion, saved ones, the fields of a sample, another week to compare with."""
