namespace CloudLab.Tests.Kubernetes.Review.Manifests;

/// <summary>Manifests with one mistake each that a server finds: the rule, the field, and what the server's message says of it.</summary>
internal static class SchemaFaults
{
    /// <summary>A definition whose schema asks for something of everything.</summary>
    public const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: films.GROUP}
        spec:
          group: GROUP
          scope: Namespaced
          names: {plural: films, singular: film, kind: Film, listKind: FilmList}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [title]
                    properties:
                      title: {type: string, minLength: 2, maxLength: 20}
                      rating: {type: integer, minimum: 0, maximum: 10}
                      price: {type: number, multipleOf: 0.5}
                      genre: {type: string, enum: [drama, comedy]}
                      code: {type: string, pattern: '^[a-z]{2}-\d+$'}
                      released: {type: string, format: date-time}
                      remake: {type: boolean}
                      note: {type: string, nullable: true}
                      length: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                      extra: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {stars: {type: integer}}}
                      template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
                      tags: {type: array, items: {type: string}, x-kubernetes-list-type: set, maxItems: 3}
                      cast:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items: {type: object, required: [name], properties: {name: {type: string}, role: {type: string}}}
                      words: {type: object, additionalProperties: {type: string}, minProperties: 1}
                      source:
                        type: object
                        properties: {file: {type: string}, url: {type: string}}
                        oneOf: [{required: [file]}, {required: [url]}]

        """;

    private const string Pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: \"c:1\", AT}]}}";

    /// <summary>Rule, path, the manifest.</summary>
    public static readonly IReadOnlyList<(string Rule, string Path, string Manifest)> Native =
    [
        ("UnknownField", "spec.containers[0].imagePullPolcy", At("imagePullPolcy: Always")),
        ("UnknownField", "spec.containers[0].Image2", At("Image2: x")),
        ("UnknownField", "spec.containers[0].memory", At("memory: 1Gi")),
        ("UnknownField", "spec.containers[0].nodeSelector", At("nodeSelector: {a: b}")),
        ("UnknownField", "spec.containers[0].livenessProbe.path", At("livenessProbe: {path: /, httpGet: {port: 80}}")),
        ("UnknownField", "metadata.lables", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, lables: {a: b}}}"),
        ("UnknownField", "dta", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, dta: {a: b}}"),
        ("UnknownField", "spec.replica", Deployment("replica: 2")),
        ("UnknownField", "spec.strategy.rollingupdate", Deployment("strategy: {rollingupdate: {maxSurge: 1}}")),
        ("UnknownField", "spec.jobTemplate.spec.restartPolicy", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: {schedule: \"@daily\", jobTemplate: {spec: {restartPolicy: Never, template: {spec: {restartPolicy: Never, containers: [{name: c, image: c}]}}}}}}"),
        ("WrongType", "spec.replicas", Deployment("replicas: \"2\"")),
        ("WrongType", "spec.paused", Deployment("paused: \"true\"")),
        ("WrongType", "spec.template", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: [1]}}"),
        ("WrongType", "spec.containers[0].ports[0].containerPort", At("ports: [{containerPort: \"80\"}]")),
        ("WrongType", "spec.containers[0].env[0].value", At("env: [{name: A, value: 1}]")),
        ("WrongType", "spec.containers[0].args[0]", At("args: [1]")),
        ("WrongType", "spec.containers[0].command", At("command: sh")),
        ("WrongType", "spec.containers[0].tty", At("tty: 1")),
        ("WrongType", "data.a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: 1}}"),
        ("WrongType", "metadata.annotations.a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, annotations: {a: true}}}"),
        ("WrongType", "spec.ports", "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: {port: 80}}}"),
        ("InvalidValue", "spec.containers[0].resources.limits.memory", At("resources: {limits: {memory: 1GB}}")),
        ("InvalidValue", "spec.containers[0].imagePullPolicy", At("imagePullPolicy: always")),
        ("InvalidValue", "spec.restartPolicy", "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {restartPolicy: never, containers: [{name: c, image: c}]}}"),
        ("InvalidValue", "spec.type", "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: Loadbalancer, ports: [{port: 80}]}}"),
        ("InvalidValue", "data.a", "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: plain}}"),
        ("RequiredField", "spec.containers[0].name", "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: c}]}}"),
        ("RequiredField", "spec.containers", "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {restartPolicy: Never}}"),
        ("RequiredField", "spec.selector", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: c}]}}}}"),
        ("RequiredField", "spec.schedule", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: {jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c}]}}}}}}"),
        ("RequiredField", "spec.ports[0].port", "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{name: http}]}}"),
        ("RequiredField", "spec.maxReplicas", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}}"),
        ("RequiredField", "spec.rules[0].http.paths[0].pathType", "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: s, port: {number: 80}}}}]}}]}}"),
        ("RequiredField", "roleRef", "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r}, subjects: []}"),
        ("DuplicateItem", "spec.containers[1]", "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: a}, {name: c, image: b}]}}"),
        ("DuplicateItem", "spec.containers[0].env[1]", At("env: [{name: A, value: \"1\"}, {name: A, value: \"2\"}]")),
        ("DuplicateItem", "spec.containers[0].ports[1]", At("ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]")),
    ];

    /// <summary>The same for objects of <see cref="Definition"/>.</summary>
    public static readonly IReadOnlyList<(string Rule, string Path, string Manifest)> Custom =
    [
        ("UnknownField", "spec.titel", Film("titel: x")),
        ("UnknownField", "metadata.lable", "{apiVersion: GROUP/v1, kind: Film, metadata: {name: f, lable: x}, spec: {title: ab}}"),
        ("UnknownField", "spec.cast[0].rolle", Film("cast: [{name: a, rolle: b}]")),
        ("WrongType", "spec.rating", Film("rating: \"5\"")),
        ("WrongType", "spec.remake", Film("remake: \"yes\"")),
        ("WrongType", "spec.tags", Film("tags: a")),
        ("WrongType", "spec.genre", Film("genre: null")),
        ("WrongType", "spec.length", Film("length: true")),
        ("WrongType", "spec.extra.stars", Film("extra: {stars: many, other: 1}")),
        ("WrongType", "spec.words.a", Film("words: {a: 1}")),
        ("RequiredField", "spec", "{apiVersion: GROUP/v1, kind: Film, metadata: {name: f}}"),
        ("RequiredField", "spec.title", "{apiVersion: GROUP/v1, kind: Film, metadata: {name: f}, spec: {rating: 1}}"),
        ("InvalidValue", "spec.rating", Film("rating: 11")),
        ("InvalidValue", "spec.price", Film("price: 1.3")),
        ("InvalidValue", "spec.genre", Film("genre: Drama")),
        ("InvalidValue", "spec.code", Film("code: AB-1")),
        ("InvalidValue", "spec.released", Film("released: yesterday")),
        ("InvalidValue", "spec.title", "{apiVersion: GROUP/v1, kind: Film, metadata: {name: f}, spec: {title: a}}"),
        ("InvalidValue", "spec.tags", Film("tags: [a, b, c, d]")),
        ("InvalidValue", "spec.words", Film("words: {}")),
        ("InvalidValue", "spec.source", Film("source: {file: a, url: b}")),
        ("DuplicateItem", "spec.tags[1]", Film("tags: [a, a]")),
        ("DuplicateItem", "spec.cast[1]", Film("cast: [{name: a}, {name: a}]")),
    ];

    /// <summary>Objects without a mistake.</summary>
    public static readonly IReadOnlyList<string> Good =
    [
        At("stdin: null"),
        At("ports: [{containerPort: 80.0, protocol: \"\"}, {containerPort: 80, protocol: UDP}], resources: {limits: {cpu: 1, memory: 128Mi}}, livenessProbe: {httpGet: {port: http}}"),
        Deployment("replicas: 2, strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}"),
        "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: cGxhaW4=}, stringData: {b: x}}",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: default, namespace: default}]}",
        Film("rating: 10, price: 1.5, genre: drama, code: ab-12, released: \"2026-01-31T12:00:00Z\", remake: false, note: null, length: 5m, extra: {other: [1]}, tags: [a, b], cast: [{name: a}, {name: b}], words: {a: b}, source: {url: b}"),
        Film("length: 5, template: {apiVersion: v1, kind: Pod, metadata: {name: x}, anything: 1}"),
    ];

    private static string At(string field) => Pod.Replace("AT", field, StringComparison.Ordinal);

    private static string Deployment(string field) =>
        $"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{{field}, selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}}}}}";

    private static string Film(string field) => $"{{apiVersion: GROUP/v1, kind: Film, metadata: {{name: f}}, spec: {{title: ab, {field}}}}}";
}
