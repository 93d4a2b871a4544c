"""Shapes of BMC: real ones differ, so the twin's do. A shape is data; the tree is built from it."""

from __future__ import annotations

from karst.twin.shapes.fanjing import FANJING
from karst.twin.shapes.leigong import LEIGONG
from karst.twin.shapes.qianling import QIANLING
from karst.twin.shapes.shape import Shape
from karst.twin.shapes.wumeng import WUMENG

SHAPES: dict[str, Shape] = {shape.name: shape for shape in (FANJING, LEIGONG, WUMENG, QIANLING)}

__all__ = ["SHAPES", "Shape"]
