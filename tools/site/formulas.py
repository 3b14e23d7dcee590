"""A formula of the self-test as LaTeX: the key shows formulas as formulas, and the page's reader takes the same LaTeX back."""

import ast

NAMES = {
    "eps": r"\varepsilon",
    "abar": r"\bar\alpha_t",
    "abar_before": r"\bar\alpha_{t-1}",
    "pi": r"\pi",
} | {name: rf"\{name}" for name in ("alpha", "beta", "gamma", "sigma")}
FUNCTIONS = ("cos", "sin", "exp", "log")
SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a piece holds together, for the brackets


def tex(formula: str) -> str:
    """LaTeX for a formula as the questions write it: (eps - sigma*x_t)/alpha."""
    return _tex(ast.parse(str(formula).replace("^", "**"), mode="eval").body)[0]


def name(written: str) -> str:
    """LaTeX for a name: alpha_s, x_t, cond."""
    if written in NAMES:
        return NAMES[written]
    base, _, sub = written.partition("_")
    if sub:
        return f"{name(base)}_{sub}" if len(sub) == 1 else rf"{name(base)}_{{\text{{{sub}}}}}"
    return base if len(base) == 1 else rf"\mathrm{{{base}}}"


def _within(node: ast.expr, level: int) -> str:
    text, own = _tex(node)
    return text if own >= level else rf"\left({text}\right)"


def _without_minus(node: ast.expr) -> ast.expr | None:
    """What follows the minus that a product begins with, for Python reads -a*b as (-a)*b; None where it begins with none."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=of):
            return of
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            rest = _without_minus(left)
            return None if rest is None else ast.BinOp(rest, op, right)
    return None


def _tex(node: ast.expr) -> tuple[str, int]:
    """LaTeX, and how tightly it holds together."""
    match node:
        case ast.Constant(value=value):
            return str(value), ATOM
        case ast.Name(id=written):
            return name(written), ATOM
        case ast.UnaryOp(op=ast.USub(), operand=of):
            return f"-{_within(of, PRODUCT)}", SUM
        case ast.Call(func=ast.Name(id="sqrt"), args=[of]):
            return rf"\sqrt{{{_tex(of)[0]}}}", ATOM
        case ast.Call(func=ast.Name(id=function), args=[of]) if function in FUNCTIONS:
            return rf"\{function}\left({_tex(of)[0]}\right)", POWER
        case ast.BinOp(op=ast.Mult() | ast.Div()) if (positive := _without_minus(node)) is not None:
            return f"-{_within(positive, PRODUCT)}", SUM
        case ast.BinOp(
            left=ast.BinOp(left=ast.BinOp(op=ast.Div()) as first, op=ast.Mult(), right=of), op=ast.Div(), right=by
        ):
            return _tex(ast.BinOp(first, ast.Mult(), ast.BinOp(of, ast.Div(), by)))  # a/b*c/d is two fractions
        case ast.BinOp(left=left, op=ast.Pow(), right=exponent):
            base, own = _tex(left)
            if isinstance(left, ast.Call) and own == POWER:  # cos(x)^2 is \cos^2(x)
                command, bracket = base.split(r"\left", 1)
                return rf"{command}^{{{_tex(exponent)[0]}}}\left{bracket}", POWER
            return f"{_within(left, ATOM)}^{{{_tex(exponent)[0]}}}", POWER
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_tex(left)[0]}}}{{{_tex(right)[0]}}}", POWER
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            fractions = all(isinstance(it, ast.BinOp) and isinstance(it.op, ast.Div) for it in (left, right))
            between = r" \cdot " if fractions or isinstance(right, ast.Constant) else r"\,"
            return f"{_within(left, PRODUCT)}{between}{_within(right, PRODUCT)}", PRODUCT
        case ast.BinOp(left=left, op=op, right=right):
            if not isinstance(op, ast.Add | ast.Sub):
                raise ValueError(f"There is no LaTeX for {ast.dump(op)}.")
            sign = "+" if isinstance(op, ast.Add) else "-"
            return f"{_tex(left)[0]} {sign} {_within(right, PRODUCT)}", SUM
    raise ValueError(f"There is no LaTeX for {ast.unparse(node)}.")


def number(value: float) -> str:
    """LaTeX for a number: 4.0358e-05 is 4.0358 times a power of ten."""
    digits, _, exponent = f"{value:.12g}".partition("e")
    return rf"{digits}\cdot10^{{{int(exponent)}}}" if exponent else digits
