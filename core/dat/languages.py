"""Headings in other languages than English, put into its words: `第一层权重梯度` becomes `layer 1 weight gradient`."""

from __future__ import annotations

import re

_HAN_NUMBERS = {each: str(at) for at, each in enumerate("一二三四五六七八九十", start=1)}

_HAN = {
    "权重": "weight",
    "權重": "weight",
    "权值": "weight",
    "重み": "weight",
    "가중치": "weight",
    "偏置": "bias",
    "偏差": "bias",
    "偏移": "bias",
    "バイアス": "bias",
    "편향": "bias",
    "梯度": "gradient",
    "导数": "gradient",
    "導數": "gradient",
    "勾配": "gradient",
    "기울기": "gradient",
    "그래디언트": "gradient",
    "参数": "parameter",
    "参數": "parameter",
    "输出": "output",
    "輸出": "output",
    "出力": "output",
    "출력": "output",
    "输入": "input",
    "輸入": "input",
    "入力": "input",
    "입력": "input",
    "隐藏": "hidden",
    "隐含": "hidden",
    "隱藏": "hidden",
    "隠れ": "hidden",
    "은닉": "hidden",
    "预测": "prediction",
    "預測": "prediction",
    "予測": "prediction",
    "예측": "prediction",
    "损失": "loss",
    "損失": "loss",
    "손실": "loss",
    "激活": "activation",
    "更新": "update",
    "到": " to ",
}
"""Words that are written without blanks between them."""

_WORDS = {
    "weight": "gewichte?n?|gewichts\\w*|poids|pesos?|pes[io]|вес(?:а|ов|ы)?|wagi?|vikt(?:er)?|ağırlık\\w*",
    "bias": "sesgos?|vies(?:es)?|viés|vieses|schwellwerte?n?|bias(?:werte|vektor)|смещени[а-я]{1,2}|biasy|önyargı",
    "gradient": "gradienten|gradientes?|gradienti|gradients|градиент\\w{0,3}|ableitung(?:en)?|dérivées?|derivadas?|"
    "производн\\w{2,3}|gradyan\\w*",
    "layer": "schicht|couche|capa|camada|strato|слой|слоя|warstwa|warstwy|katman",
    "hidden": "verdeckten?|verborgenen?|versteckten?|cachée?s?|ocult[ao]s?|nascost[oi]|скрыт\\w{2,3}",
    "output": "ausgabe|ausgang|ausgabeschicht|sortie|salida|saída|uscita|выходн\\w{2,3}",
    "input": "eingabe|eingang|eingabeschicht|entrée|entrada|ingresso|входн\\w{2,3}",
    "first": "erste[nrs]?|première|primera|primeira|prima|первый|первого",
    "second": "zweite[nrs]?|deuxième|segunda|seconda|второй|второго",
    "third": "dritte[nrs]?|troisième|tercera|terceira|terza|третий|третьего",
    "prediction": "vorhersage|prédiction|predicción|predição|предсказани\\w",
    "loss": "verlust|fehler|perte|pérdida|perda|потер\\w",
    "epoch": "epoche|époque|época|epoca|эпоха",
}
_FOREIGN = re.compile(r"\b(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _WORDS.items()) + r")\b")

_LAYER = re.compile(
    r"第?\s*(?P<number>\d{1,3}|[一二三四五六七八九十])\s*(?:个|個)?\s*(?P<hidden>隐藏|隐含|隱藏|隠れ)?\s*[层層층]"
)
_EPOCH = re.compile(r"第?\s*(?P<number>\d{1,9})\s*(?:轮|輪|次迭代|回合|エポック|에포크)")
_LONGEST_FIRST = sorted(_HAN, key=len, reverse=True)
_HAN_WORD = re.compile("|".join(_LONGEST_FIRST))
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def in_english(line: str) -> str:
    """Return a heading with the words that it takes for layers, weights and gradients in English."""
    if line.isascii() and not _FOREIGN.search(line.lower()):
        return line
    if _CJK.search(line):
        line = _EPOCH.sub(lambda found: f" epoch {found['number']} ", line)
        line = _LAYER.sub(_layer, line)
        line = _HAN_WORD.sub(lambda found: f" {_HAN[found[0]]} ", line)
        line = line.replace("层", " layer ").replace("層", " layer ").replace("층", " layer ")
    if not _FOREIGN.search(line.lower()):
        return line
    return _FOREIGN.sub(lambda found: str(found.lastgroup), line.lower())


def has_han_words(text: str) -> bool:
    """Whether any of the words is in a text that stands for what a gradient is of."""
    return bool(_HAN_WORD.search(text))


def _layer(found: re.Match[str]) -> str:
    number = _HAN_NUMBERS.get(found["number"], found["number"])
    return f" {'hidden ' if found['hidden'] else ''}layer {number} "
