"""The explorers: figures with sliders that run real samplers in the browser, with no kernel and no network.

    from classroom.explorers import k_budget as explorer
    explorer.show()

An explorer is two files: `name.js`, whose default export is what stage.js brings to life, and `name.py`, whose `show` hands over
the data and returns the HTML: a picture of the first state with its caption, the data, and the script that replaces the picture
by a live one. Where scripts do not run (an untrusted notebook, a preview) the picture stays. `in_book`, where it stands, shows
the explorer with the shipped models of a folder, as the pages of the book do. `make explorers` finds all that there are, bundles
them and draws their pictures. Their mathematics, in `core`, mirrors `lib` module by module.
"""
