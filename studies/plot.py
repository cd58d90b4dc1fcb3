"""Plots of studies as SVG, without any library: curves with ranges, small plots in rows, measured beside claimed."""
import math

COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#d08700", "#555555", "#00a0a0", "#a000a0", "#7a5c2e", "#111111")


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def ticks(low, high):
    """At most nine round values from low to high."""
    span = (high - low) or 1.0
    step = next(s * 10.0 ** e for e in range(-9, 10) for s in (1, 2, 5) if span / (s * 10.0 ** e) <= 8)
    first = math.ceil(low / step - 1e-9)
    return [round(step * i, 10) for i in range(first, first + 12) if step * i <= high + 1e-9 * span]


def whole(width, height, title, parts, size=12):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="{size}">',
                      '<rect width="100%" height="100%" fill="white"/>', f'<text x="20" y="22" font-size="14">{escape(title)}</text>', *parts, "</svg>\n"])


class Box:
    """A rectangle of the drawing and the values at its edges."""

    def __init__(self, left, top, width, height, x_range, y_range, x_log=False):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.move = math.log10 if x_log else float
        self.x_range, self.y_range, self.parts = tuple(map(self.move, x_range)), y_range, []

    def x(self, value):
        low, high = self.x_range
        return self.left + self.width * (self.move(value) - low) / ((high - low) or 1)

    def y(self, value):
        """What lies beyond is drawn at the edge."""
        low, high = self.y_range
        return self.top + self.height * (1 - (min(max(float(value), low), high) - low) / ((high - low) or 1))

    def grid(self, x_marks, y_marks, scale=1, unit=""):
        for value in y_marks:
            y = self.y(value)
            self.parts.append(f'<line x1="{self.left}" x2="{self.left + self.width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                              f'<text x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">{round(scale * value, 6):g}{unit}</text>')
        bottom = self.top + self.height
        for value in x_marks:
            x = self.x(value)
            self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="#555"/>'
                              f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{value:g}</text>')

    def curve(self, points, colour, dashed=False, joined=True):
        """Points (x, y), with a range (x, y, lowest, highest) and perhaps a word (..., word). Not joined: hollow, alone."""
        line = " ".join(f"{self.x(p[0]):.1f},{self.y(p[1]):.1f}" for p in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        if joined:
            self.parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.7"{dash} points="{line}"/>')
        for p in (p for p in points if len(p) > 2):
            x, y = self.x(p[0]), self.y(p[1])
            self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{self.y(p[2]):.1f}" y2="{self.y(p[3]):.1f}" stroke="{colour}"/>'
                              f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" stroke="{colour}" fill="{colour if joined else "white"}"/>')
            if len(p) > 4:
                self.parts.append(f'<text x="{x + 5:.1f}" y="{y + 12:.1f}" font-size="9" fill="{colour}">{escape(p[4])}</text>')


def curves(title, x_name, groups, y_range=(0, 1), x_log=False, x_marks=None, dashed=()):
    """Shares as curves: {name: [(x, mean, lowest, highest)]}."""
    xs = sorted({p[0] for points in groups.values() for p in points})
    box = Box(70, 45, 500, 290, (xs[0], xs[-1]), y_range, x_log)
    box.grid(x_marks if x_marks is not None else xs, ticks(*y_range), 100, " %")
    for index, (name, points) in enumerate(groups.items()):
        colour = COLOURS[index % len(COLOURS)]
        box.curve(sorted(points), colour, name in dashed)
        box.parts.append(f'<text x="590" y="{60 + 18 * index}" fill="{colour}">{escape(name)}</text>')
    return whole(780, 390, title, [*box.parts, f'<text x="320" y="378" text-anchor="middle">{escape(x_name)}</text>'])


def panels(title, items, columns, x_range=None, x_marks=None, scale=1, note="", legend=True):
    """Small plots in rows of `columns`: items (title, {name: [(x, y...)]}, y range), then perhaps {name: points that stand
    alone} and an x range of its own; a name has one colour throughout. The note stands below, in grey."""
    width, height = 300, 190
    names = list(dict.fromkeys(name for _, groups, *_ in items for name in groups))
    parts = [f'<text x="{20 + 110 * index}" y="42" fill="{COLOURS[index % len(COLOURS)]}">{escape(name)}</text>' for index, name in enumerate(names) if legend]
    for index, (name, groups, y_range, *more) in enumerate(items):
        alone, own_range = (*more, None, None)[:2]
        left, top = 55 + width * (index % columns), 75 + height * (index // columns)
        box = Box(left, top, width - 65, height - 60, own_range or x_range, y_range)
        box.grid(ticks(*own_range)[::2] if own_range else x_marks or x_range, ticks(*y_range)[::2], scale, " %" if scale == 100 else "")
        for curve, points in groups.items():
            if points:
                box.curve(points, COLOURS[names.index(curve) % len(COLOURS)])
        for curve, points in (alone or {}).items():
            box.curve(points, COLOURS[names.index(curve) % len(COLOURS)], joined=False)
        parts += [f'<text x="{left}" y="{top - 8}">{escape(name)}</text>', *box.parts]
    bottom = 70 + height * -(-len(items) // columns)
    parts += [f'<text x="20" y="{bottom + 4 + 15 * line}" fill="#555">{escape(text)}</text>' for line, text in enumerate(note.splitlines())]
    return whole(40 + width * columns, bottom + (15 * len(note.splitlines())), title, parts, 11)


def compare(title, rows, low, high):
    """What a paper says beside what was measured, in percent: rows (name, paper or None, [measured])."""
    height = 100 + 26 * len(rows)
    names = max(200, *(20 + 6.6 * len(name) for name, *_ in rows))  # where they end
    place = lambda v: names + 10 + 480 * (v - low) / (high - low)  # noqa: E731
    parts = []
    for value in ticks(low, high):
        parts.append(f'<line x1="{place(value):.1f}" x2="{place(value):.1f}" y1="40" y2="{height - 40}" stroke="#ddd"/>'
                     f'<text x="{place(value):.1f}" y="{height - 24}" text-anchor="middle">{value:g} %</text>')
    for index, (name, paper, measured) in enumerate(rows):
        y = 58 + 26 * index
        parts.append(f'<text x="{names:.0f}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        if measured:
            mean = sum(measured) / len(measured)
            parts.append(f'<line x1="{place(min(measured)):.1f}" x2="{place(max(measured)):.1f}" y1="{y}" y2="{y}" stroke="{COLOURS[0]}" stroke-width="2"/>'
                         f'<circle cx="{place(mean):.1f}" cy="{y}" r="4" fill="{COLOURS[0]}"/>')
        if paper is not None:
            parts.append(f'<circle cx="{place(paper):.1f}" cy="{y}" r="6" fill="none" stroke="{COLOURS[1]}" stroke-width="2"/>')
    parts.append(f'<text x="20" y="{height - 6}" fill="#555">hollow: the paper; filled: measured, with the range over seeds</text>')
    return whole(round(names + 560), height, title, parts)
