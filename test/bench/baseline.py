"""The baseline of `npm run accuracy -- small`: tf-idf and logistic regression.

Reads one JSON object from standard input, {"train": [{text, label}, ...], "test": [...]}, and prints
{"accuracy": ...}. Sublinear tf-idf of words and word pairs beside that of 2 to 5 characters inside of
words; logistic regression with C of 1, 10, 30 by cross-validation.
"""

import json
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_union

data = json.load(sys.stdin)
train_texts = [row["text"] for row in data["train"]]
train_labels = np.array([row["label"] for row in data["train"]])
test_texts = [row["text"] for row in data["test"]]
test_labels = np.array([row["label"] for row in data["test"]])

features = make_union(
    TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
    TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5)),
)
x = features.fit_transform(train_texts)
is_binary = len(set(train_labels)) == 2
# Of many rows the solver of liblinear is the quick one; both find the same optimum.
solver = {"solver": "liblinear", "dual": True} if is_binary else {"tol": 1e-3}
folds = StratifiedKFold(5 if len(train_labels) <= 1000 else 3, shuffle=True, random_state=0)


def model(c):
    return LogisticRegression(C=c, max_iter=300, **solver)


best = max((1, 10, 30), key=lambda c: cross_val_score(model(c), x, train_labels, cv=folds).mean())
predicted = model(best).fit(x, train_labels).predict(features.transform(test_texts))
print(json.dumps({"accuracy": float((predicted == test_labels).mean()), "C": best}))
