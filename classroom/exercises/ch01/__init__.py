"""The exercises of chapter 01, two moons with known answers."""
