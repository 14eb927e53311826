"""Segments a photo with a file that `unetkd export NAME --onnx` wrote: python use_onnx.py FILE.onnx PHOTO OUT.png

Needs numpy, pillow and onnxruntime, and nothing of UNetKD. OUT.png holds the classes as a palette picture.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

network, photo, out = sys.argv[1:]
session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
image = np.array(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"))
labels, probs = session.run(["labels", "probs"], {"image": image[None]})  # a batch of one, any size from 16x16

picture = Image.fromarray(labels[0])
picture.putpalette([level for color in json.loads(about["colors"]) for level in color])
picture.save(out)
for index, name in enumerate(json.loads(about["classes"])):
    print(f"{name:15} {(labels == index).mean():6.1%} of the picture, mean probability {probs[0, index].mean():.2f}")
print(f"{about['title']}, {about['form']}. Licence: {about['licence']}")
