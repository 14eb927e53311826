"""Segments a photo with a file that `unetkd export NAME --onnx` wrote: python use_onnx.py FILE.onnx PHOTO OUT.png

Needs numpy, pillow and onnxruntime, and nothing of UNetKD. OUT.png holds the classes as a palette picture.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

try:
    network, photo, out = map(Path, sys.argv[1:])
    session = onnxruntime.InferenceSession(network.read_bytes(), providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    image = np.array(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"))
    labels, probs = session.run(["labels", "probs"], {"image": image[None]})  # a batch of one, any size from 16x16
    picture = Image.fromarray(labels[0])
    picture.putpalette([level for color in json.loads(about["colors"]) for level in color])
    picture.save(out)
except Exception as error:  # three names are needed, two of files that are there and of their kind
    sys.exit(f"Expected FILE.onnx PHOTO OUT.png: {error}.")
for index, name in enumerate(json.loads(about["classes"])):
    print(f"{name:15} {(labels == index).mean():6.1%} of the picture, mean probability {probs[0, index].mean():.2f}")
print(f"{about['title']}, {about['form']}. Licence: {about['licence']}")
