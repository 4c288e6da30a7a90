#!/usr/bin/python3
"""Holds docker/kubernetes/*.yaml, or the files that are named, against the API's schema, as the Python client's
models state it.

Every key must exist there, required ones must be present, values must have the stated type; a key that
stands twice is a mistake too. Then, of the folder: the three Deployments have equal resources.
"""

import re
import sys
from pathlib import Path

import yaml
from kubernetes.client import models

FOLDER = Path(__file__).resolve().parents[2] / "docker/kubernetes"
# autoscaling/v2 is v2beta2 under its last name, which the client of Debian 12 does not know yet.
AUTOSCALING = "V2" if hasattr(models, "V2HorizontalPodAutoscaler") else "V2beta2"
KINDS = {"Deployment": models.V1Deployment, "Service": models.V1Service, "Job": models.V1Job,
         "NetworkPolicy": models.V1NetworkPolicy,
         "HorizontalPodAutoscaler": getattr(models, f"{AUTOSCALING}HorizontalPodAutoscaler")}
VERSIONS = {"Deployment": "apps/v1", "Service": "v1", "Job": "batch/v1", "NetworkPolicy": "networking.k8s.io/v1",
            "HorizontalPodAutoscaler": "autoscaling/v2"}
PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}
mistakes = []


class Strict(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in {key for key in keys if keys.count(key) > 1}:
            mistakes.append(f"line {node.start_mark.line + 1}: {key} stands twice")
        return super().construct_mapping(node, deep)


def check(value, kind, path):
    listed, mapped = re.match(r"list\[(.*)\]$", kind), re.match(r"dict\((\w+), (.*)\)$", kind)
    if listed:
        expect(value, list, path)
        for number, item in enumerate(value if isinstance(value, list) else []):
            check(item, listed[1], f"{path}[{number}]")
    elif mapped:
        expect(value, dict, path)
        for key, item in value.items() if isinstance(value, dict) else []:
            check(item, mapped[2], f"{path}.{key}")
    elif kind in PLAIN:
        expect(value, PLAIN[kind], path)
    elif kind == "object":  # "int or string": ports and quantities
        expect(value, (int, str), path)
    else:
        check_model(value, getattr(models, kind), path)


def expect(value, types, path):
    if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
        mistakes.append(f"{path}: {value!r} is not of type {types}")


def check_model(value, model, path):
    expect(value, dict, path)
    if not isinstance(value, dict):
        return
    names = {json: python for python, json in model.attribute_map.items()}
    for key in value.keys() - names.keys():
        mistakes.append(f"{path}.{key}: {model.__name__} has no such key")
    for key in value.keys() & names.keys():
        check(value[key], model.openapi_types[names[key]], f"{path}.{key}")
    try:  # the constructor refuses what lacks a required key
        model(**{names[key]: value[key] for key in value.keys() & names.keys()})
    except ValueError as error:
        mistakes.append(f"{path}: {error}")


def main():
    named = [Path(name) for name in sys.argv[1:]]
    resources = []
    for file in named or sorted(FOLDER.glob("*.yaml")):
        for document in yaml.load_all(file.read_text(), Strict):
            path = f"{file.name}: {document.get('kind')} {document.get('metadata', {}).get('name')}"
            model = KINDS.get(document.get("kind"))
            if model is None:
                mistakes.append(f"{path}: an unknown kind")
                continue
            if document.get("apiVersion") != VERSIONS[document["kind"]]:
                mistakes.append(f"{path}: apiVersion is not {VERSIONS[document['kind']]}")
            check_model(document, model, path)
            if document["kind"] == "Deployment":
                pod = document["spec"]["template"]["spec"]
                resources.append([container["resources"] for container in pod["containers"]])
    if not named and (len(resources) != 3 or any(other != resources[0] for other in resources)):
        mistakes.append("the three servers do not have equal resources")
    print("\n".join(mistakes) or "the manifests fit the schema")
    return bool(mistakes)


if __name__ == "__main__":
    sys.exit(main())
