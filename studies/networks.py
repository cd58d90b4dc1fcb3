"""Network files (compiler/network/README.md) from Python values, for studies whose networks are not among the examples."""
import pathlib


def value(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, str):
        return f'"{v}"'
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(map(value, v)) + "]"
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{key} = {value(entry)}" for key, entry in v.items() if entry is not None) + " }"
    return repr(v)


def text(tables):
    """[(header, {key: value})], for example ("[network]", {...}), ("[[population]]", {...})."""
    return "\n".join(header + "\n" + "".join(f"{key} = {value(v)}\n" for key, v in entries.items() if v is not None)
                     for header, entries in tables)


def network(name, training=None, weights=None):
    return [("[network]", {"name": name, "seed": 1, "classes": 10, "weights": weights, "output": "scores"}),
            *([("[training]", training)] if training else [])]


def pixels(count, encode):
    return ("[[population]]", {"name": "pixels", "kind": "input", "shape": [count], "encode": {"kind": encode}})


def layer(name, count, neuron, normalise=None, **more):
    return ("[[population]]", {"name": name, "shape": [count], "neuron": neuron, "normalise": normalise, **more})


def projection(source, target, init, plasticity=None, **more):
    return ("[[projection]]", {"from": source, "to": target, **more, "weights": {"init": init, "bits": 16}, "plasticity": plasticity})


def write(folder, name, tables):
    path = pathlib.Path(folder) / f"{name}.toml"
    path.write_text(text(tables))
    return path
