"""Trained nets.

toy, images          the shipped ones, read from their files
shipped              where the shipped files are
weights, files       how a file of weights is written and read
config, batch, loop  what an image run is made of, what a step sees, and the run; `python -m lib.trained` is its command line
processes, folder, checkpoint     with whom it runs, where, and how it goes on
sampling, stack      what decides the pictures of a model's file, and how pictures are written; `python -m lib.trained.sample`
image_metrics        what pictures are measured with, beside real ones; `python -m lib.trained.evaluate`
k_budget             rules and budgets side by side, on the exact answer and on trained nets
"""
