#!/usr/bin/env python3
"""Prints the module's table of Kubernetes kinds, field types and table columns, as a running API server tells them.
    kubectl proxy --port 8001 &
    python3 kube-schema.py http://127.0.0.1:8001 vendor/k8s.io > kubernetes.txt
The folder (Go modules k8s.io/api and k8s.io/apimachinery) gives what the server does not tell: field numbers in protobuf, which
kubectl sends, and which fields can hold a zero of their own. Only names, types, numbers and merge keys are kept.
Lines: V version, R resource, C column of it, T type, then its fields indented."""
import json, pathlib, re, sys, urllib.request

base = sys.argv[1].rstrip("/")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(path, accept="application/json"):
    with opener.open(urllib.request.Request(base + path, headers={"Accept": accept})) as r:
        return json.load(r)


def short(name):
    for head in ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.apimachinery.pkg.", "io.k8s.apiextensions-apiserver.pkg.apis.",
                 "io.k8s.kube-aggregator.pkg.apis."):
        if name.startswith(head):
            return name[len(head):]
    return name


SCALARS = {"util.intstr.IntOrString": "intOrString", "api.resource.Quantity": "quantity", "meta.v1.Time": "time", "meta.v1.MicroTime": "microTime",
           "runtime.RawExtension": "any", "meta.v1.FieldsV1": "any", "apiextensions.v1.JSON": "any",
           "apiextensions.v1.JSONSchemaPropsOrArray": "any", "apiextensions.v1.JSONSchemaPropsOrBool": "any",
           "apiextensions.v1.JSONSchemaPropsOrStringArray": "any"}


def spell(s):
    if "allOf" in s:
        return spell(s["allOf"][0])
    if "$ref" in s:
        name = short(s["$ref"].rsplit("/", 1)[1])
        return SCALARS.get(name, "@" + name)
    kind = s.get("type")
    if kind == "array":
        return "[" + spell(s["items"]) + "]"
    if kind == "object":
        return "<" + spell(s["additionalProperties"]) + ">" if isinstance(s.get("additionalProperties"), dict) else "any"
    if kind == "string" and s.get("format") == "byte":
        return "bytes"
    return kind or "any"


def field(name, s, required):
    words = [name, spell(s)]
    if name in required:
        words.append("required")
    if s.get("default") == {}:
        words.append("value")
    elif "default" in s and s["default"] in ("", 0, False):
        words.append("zero")
    elif s.get("default") is not None:
        words.append("default=" + str(s["default"]))
    items = s.get("items", {})
    if s.get("x-kubernetes-list-type") == "set":
        words.append("set")
    if s.get("x-kubernetes-list-type") == "map":
        words.append("keys=" + ",".join(s["x-kubernetes-list-map-keys"]))
    if s.get("x-kubernetes-map-type") == "atomic":
        words.append("atomic")
    strategy = s.get("x-kubernetes-patch-strategy", "").split(",")
    if "merge" in strategy:
        words.append("merge=" + s.get("x-kubernetes-patch-merge-key", ""))
    if "retainKeys" in strategy:
        words.append("retain")
    enum = s.get("enum") or items.get("enum")
    if enum:
        words.append("enum=" + "|".join(enum).replace(" ", "%20"))
    return "  " + " ".join(words)


def numbers(root):
    """Field numbers by type and JSON name: (path of numbers, is a pointer)."""
    structs, types = {}, {}
    places = [(f, ".".join(f.parent.parts[-2:])) for f in pathlib.Path(root).glob("api/*/*/types*.go")]
    places += [(f, "meta.v1") for f in pathlib.Path(root).glob("apimachinery/pkg/apis/meta/v1/types.go")]
    for f, package in places:
        for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", f.read_text(), re.S | re.M):
            structs[f"{package}.{name}"] = re.findall(r"^\t(?:(\w+)\s+)?(\S+)\s+`json:\"([^\",]*)([^\"]*)\"[^`\n]* protobuf:\"\w+,(\d+),", body, re.M)

    def fields(name, seen=()):
        found = {}
        for _, go, json_name, options, number in structs.get(name, []):
            if json_name:
                found[json_name] = (number, go.startswith("*"))
            elif "inline" in options:
                inner = go.lstrip("*").split(".")
                inner = f"meta.v1.{inner[1]}" if len(inner) > 1 and inner[0] == "metav1" else f"{'core.v1' if len(inner) > 1 else name.rsplit('.', 1)[0]}.{inner[-1]}"
                for key, (n, pointer) in fields(inner).items():
                    found[key] = (number + "." + n, pointer)
        return found

    for name in structs:
        types[name] = fields(name)
    return types


protobuf = numbers(sys.argv[2]) if len(sys.argv) > 2 else {}
schemas = {}
for path, at in sorted(get("/openapi/v3")["paths"].items()):
    if path == "api/v1" or path.startswith("apis/") and path.count("/") == 2:
        schemas.update({short(n): s for n, s in get(at["serverRelativeURL"])["components"]["schemas"].items()})

print("# Kinds, fields and columns of Kubernetes, as an API server tells them; made by kube-schema.py beside it")
print("V", get("/version")["gitVersion"])
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
kinds = {}
for name, s in schemas.items():
    for gvk in s.get("x-kubernetes-group-version-kind", []):
        kinds.setdefault((gvk["group"], gvk["version"], gvk["kind"]), name)
for root in ("/api", "/apis"):
    for group in get(root, DISCOVERY)["items"]:
        g = group["metadata"].get("name", "")
        for version in group["versions"]:
            v = version["version"]
            for r in version["resources"]:
                kind = r["responseKind"]["kind"]
                subs = ";".join(f'{x["subresource"]}:{x["responseKind"].get("group","")}/{x["responseKind"].get("version","")}/{x["responseKind"]["kind"]}'
                                f':{",".join(x["verbs"])}' for x in r.get("subresources", []))
                print("|".join(["R", g, v, r["resource"], r["singularResource"], kind, r["scope"], ",".join(r["verbs"]),
                                ",".join(r.get("shortNames", [])), ",".join(r.get("categories", [])), kinds.get((g, v, kind), ""), subs]))
                if "list" in r["verbs"]:
                    url = (f"/apis/{g}" if g else "/api") + f"/{v}/{r['resource']}"
                    for c in get(url, TABLE)["columnDefinitions"]:
                        print("|".join(["C", c["name"], c["type"], c["format"], str(c["priority"])]))
print("# types")
# Only what a kind reaches; the meta types that requests carry besides.
wanted = [n for n in kinds.values()]
seen = set()
while wanted:
    n = wanted.pop()
    if n in seen or n not in schemas or n in SCALARS:
        continue
    seen.add(n)
    for s in schemas[n].get("properties", {}).values():
        word = spell(s).strip("[]<>")
        if word.startswith("@"):
            wanted.append(word[1:])
for n in sorted(seen):
    s = schemas[n]
    print("T", n + (" atomic" if s.get("x-kubernetes-map-type") == "atomic" else ""))
    for name, p in s.get("properties", {}).items():
        number, pointer = protobuf.get(n, {}).get(name, ("", False))
        print(field(name, p, s.get("required", [])) + (f" n={number}" if number else "") + (" pointer" if pointer else ""))
