#!/usr/bin/env python3
"""Makes the pictures that the results of `wardian-photo` are compared with.

Each step is what scikit-image says it is, in 64-bit floats from the first pixel to the last. Run it in this folder:

    python3 -m venv ../../../target/reference && ../../../target/reference/bin/pip install -r requirements.txt
    ../../../target/reference/bin/python make.py

It rewrites input.png (a cut-out of the photograph, with odd sides) and one PNG for each step. `make.py --sheet FILE`
also lays out a contact sheet of the whole photograph, to look at.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import color, exposure, filters, transform, util

FOLDER = Path(__file__).resolve().parent
PHOTOGRAPH = FOLDER.parent / "photograph.png"
# Left, top, right, bottom: cup, spoon and wood.
CUT_OUT = (211, 127, 512, 330)

# The defaults of the command line; `src/arguments.rs` has the same.
GAIN, GAMMA, SATURATION, CONTRAST = 1.1, 0.8, 1.25, 1.15
SIGMA = 3.0
EDGE_GAIN = 4.0
# What `--only resize` makes of any picture without `--size`: half of it, rounded up.
RESIZE_FACTOR = 0.5
# How the steps are put together in the ink drawing; `src/steps.rs` has the same.
INK_SIGMA, INK_EQUALIZE, INK_STRENGTH = 1.0, 0.4, 1.6


def adjust_color(image):
    """Gain and gamma, then saturation around luminance, then contrast around middle grey."""
    toned = np.clip(exposure.adjust_gamma(image, gamma=GAMMA, gain=GAIN), 0, 1)
    gray = color.rgb2gray(toned)[..., np.newaxis]
    saturated = np.clip(gray + SATURATION * (toned - gray), 0, 1)
    margin = 0.5 / CONTRAST
    return exposure.rescale_intensity(saturated, in_range=(0.5 - margin, 0.5 + margin), out_range=(0, 1))


def blur(image, sigma=SIGMA):
    return filters.gaussian(image, sigma=sigma, mode="nearest", truncate=4.0, channel_axis=-1)


def edges(image):
    magnitude = np.clip(EDGE_GAIN * filters.sobel(color.rgb2gray(image)), 0, 1)
    return np.repeat(magnitude[..., np.newaxis], 3, axis=-1)


def equalize(image, strength=1.0):
    """Equalises luminance and moves the three channels by as much as it moved."""
    gray = color.rgb2gray(image)
    cumulated, levels = exposure.cumulative_distribution(util.img_as_ubyte(np.clip(gray, 0, 1)))
    table = np.interp(np.arange(256), levels, cumulated, left=0.0)
    equal = np.interp(gray * 255, np.arange(256), table)
    return np.clip(image + strength * (equal - gray)[..., np.newaxis], 0, 1)


def resize(image, size=None):
    height, width = image.shape[:2]
    size = size or (int(np.ceil(height * RESIZE_FACTOR)), int(np.ceil(width * RESIZE_FACTOR)))
    return transform.resize(image, size, order=1, mode="edge", anti_aliasing=True)


def ink(image):
    """The chain: adjusted and somewhat equalised colour under the outlines of the blurred picture."""
    toned = adjust_color(image)
    outlines = edges(blur(toned, INK_SIGMA))
    return equalize(toned, INK_EQUALIZE) * np.clip(1 - INK_STRENGTH * outlines, 0, 1)


STEPS = {"color": adjust_color, "blur": blur, "edges": edges, "equalize": equalize, "resize": resize, "ink": ink}


def save(image, path):
    pixels = np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    Image.fromarray(pixels).save(path, optimize=True)


def sheet(image, path, margin=12):
    height, width = image.shape[:2]
    panels = [image] + [STEPS[name](image) for name in ("color", "blur", "edges", "equalize", "ink")]
    paper = np.full((2 * height + 3 * margin, 3 * width + 4 * margin, 3), 0.96)
    for index, panel in enumerate(panels):
        row, column = divmod(index, 3)
        top, left = margin + row * (height + margin), margin + column * (width + margin)
        paper[top : top + height, left : left + width] = panel
    save(paper, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sheet", metavar="FILE", help="also lay out a contact sheet of the whole photograph")
    arguments = parser.parse_args()
    photograph = Image.open(PHOTOGRAPH).convert("RGB")
    cut_out = util.img_as_float(np.asarray(photograph.crop(CUT_OUT)))
    save(cut_out, FOLDER / "input.png")
    for name, step in STEPS.items():
        save(step(cut_out), FOLDER / f"{name}.png")
    if arguments.sheet:
        sheet(util.img_as_float(np.asarray(photograph)), arguments.sheet)


if __name__ == "__main__":
    main()
