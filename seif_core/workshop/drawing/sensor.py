"""From linear light to the file's pixels: exposure, white balance, tone curve, blur, noise, sharpening, JPEG, grey."""

from __future__ import annotations

import cv2
import numpy as np

from ...shapes import Float32, UInt8


def develop(light: Float32[np.ndarray, "S S 3"], random: np.random.Generator) -> UInt8[np.ndarray, "S S 3"]:
    """What a camera, its raw converter and a web site make of linear light (S, S, 3)."""
    x = light.astype(np.float32)
    size = x.shape[0]
    balance = 1 + random.normal(size=3) * [0.05, 0.015, 0.07]
    x = x * balance.astype(np.float32)
    if random.random() < 0.3:  # the lens's fall-off
        y, z = np.mgrid[:size, :size] / size - 0.5
        x = x * (1 - random.uniform(0, 0.5) * (y**2 + z**2))[..., None].astype(np.float32)
    blur = random.choice([0.0, random.uniform(0.3, 0.8), random.uniform(0.8, 2.2)], p=[0.35, 0.45, 0.2])
    if blur > 0:
        x = cv2.GaussianBlur(x, (0, 0), blur)
    if random.random() < 0.06:
        x = _moved(x, random)
    noise = 10 ** random.uniform(-3.6, -2.0)
    grain = random.normal(size=x.shape).astype(np.float32)
    if random.random() < 0.5:  # a phone's denoiser leaves it coarse
        grain = cv2.GaussianBlur(grain, (0, 0), random.uniform(0.5, 1.0)) * 1.6
    x = x + grain * np.sqrt(np.clip(x, 0, None) * noise + noise**2).astype(np.float32)
    x = np.clip(x, 0, None)
    shoulder = random.uniform(0, 1)
    rolled = 1 - np.exp(-x * 1.4)
    x = (1 - shoulder) * np.minimum(x, 1) + shoulder * rolled
    x = _coded(x, random)
    if random.random() < 0.35:
        sharp = cv2.GaussianBlur(x, (0, 0), random.uniform(0.7, 1.5))
        x = np.clip(x + random.uniform(0.2, 0.9) * (x - sharp), 0, 1)
    if random.random() < 0.1:
        x = np.repeat(x @ np.array([0.299, 0.587, 0.114], np.float32)[:, None], 3, axis=2)
        if random.random() < 0.3:
            x = np.clip(x * np.array([1.05, 1.0, 0.88], np.float32), 0, 1)
    pixels = (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)
    if random.random() < 0.35:
        small = int(size * random.uniform(0.35, 0.9))
        pixels = cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA)
        pixels = _jpeg(pixels, random) if random.random() < 0.5 else pixels
        kind = random.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        pixels = cv2.resize(pixels, (size, size), interpolation=int(kind))
    return _jpeg(pixels, random) if random.random() < 0.6 else pixels


def _coded(linear: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Values of sRGB in 0..1 with a tone curve of contrast, black level and saturation."""
    x = _srgb(linear)
    contrast = random.uniform(-0.1, 0.35)
    x = x + contrast * (x - 0.5) * 4 * x * (1 - x)
    x = random.uniform(0, 0.03) + x * random.uniform(0.95, 1.0)
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.clip(grey[..., None] + (x - grey[..., None]) * random.uniform(0.8, 1.3), 0, 1).astype(np.float32)


def _srgb(linear: np.ndarray) -> np.ndarray:
    x = np.clip(linear, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-8) ** (1 / 2.4) - 0.055).astype(np.float32)


def _moved(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    length = random.uniform(2, 6)
    angle = random.uniform(0, np.pi)
    side = 2 * int(length) + 1
    kernel = np.zeros((side, side), np.float32)
    for step in np.linspace(-length / 2, length / 2, 24):
        kernel[int(side / 2 + step * np.sin(angle)), int(side / 2 + step * np.cos(angle))] += 1
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def _jpeg(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    quality = int(random.integers(35, 96))
    _, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
