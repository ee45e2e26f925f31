using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Makes manifests of the everyday kinds as they should be: recommended labels, probes, requests and limits, and a security context that
/// the restricted Pod Security Standard accepts.
/// </summary>
public sealed partial record ManifestTemplate
{
    private const string NameLabel = "app.kubernetes.io/name";
    private const string Pods = "Deployment StatefulSet DaemonSet Job CronJob";
    private const string Servers = "Deployment StatefulSet DaemonSet";
    private const long Nonroot = 65532;

    private static readonly Dictionary<string, string[]> Uses = new (string Names, string Kinds)[]
    {
        ("Image Command Argument Env EnvFrom Mount Cpu Memory CpuLimit MemoryLimit RunAsUser AllowRoot Writable ServiceAccountName ImagePullPolicy ImagePullSecret", Pods),
        ("EnvFile", Pods + " ConfigMap Secret"),
        ("Replicas", "Deployment StatefulSet"),
        ("Port", Servers + " Service Ingress NetworkPolicy"),
        ("HealthPath", Servers),
        ("Schedule TimeZone ConcurrencyPolicy Suspend", "CronJob"),
        ("Completions Parallelism BackoffLimit TimeToLive Deadline", "Job CronJob"),
        ("Data FromFile Immutable", "ConfigMap Secret"),
        ("Type", "Secret Service"),
        ("Selector", "Service NetworkPolicy"),
        ("TargetPort Headless", "Service"),
        ("HostName UrlPath IngressClass TlsSecret", "Ingress"),
        ("ServiceName", "Ingress StatefulSet"),
        ("Target MinReplicas MaxReplicas CpuPercent MemoryPercent", "HorizontalPodAutoscaler"),
        ("Size StorageClass AccessMode", "PersistentVolumeClaim StatefulSet"),
        ("MountPath", "StatefulSet"),
        ("Hard", "ResourceQuota"),
        ("Default DefaultRequest Minimum Maximum", "LimitRange"),
        ("From", "NetworkPolicy"),
        ("Verb Resource ResourceName", "Role"),
        ("Role Subject", "RoleBinding"),
        ("PodSecurity", "Namespace"),
    }.SelectMany(use => use.Names.Split(' ').Select(name => (name, Kinds: use.Kinds.Split(' ')))).ToDictionary(pair => pair.name, pair => pair.Kinds, StringComparer.OrdinalIgnoreCase);

    /// <summary>The kinds that can be made.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "ConfigMap", "CronJob", "DaemonSet", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "LimitRange", "Namespace", "NetworkPolicy",
        "PersistentVolumeClaim", "ResourceQuota", "Role", "RoleBinding", "Secret", "Service", "ServiceAccount", "StatefulSet",
    ];

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace; null to leave it open.</summary>
    public string? Namespace { get; init; }

    /// <summary>Further labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>What else was asked for, by the name of the parameter: strings, numbers, booleans, lists of strings, dictionaries of strings.</summary>
    public IReadOnlyDictionary<string, object> Values { get; init; } = new Dictionary<string, object>();

    /// <summary>Where env files take values from that they do not have.</summary>
    public LabEnvironment Environment { get; init; } = LabEnvironment.Process;

    private IEnumerable<KeyValuePair<string, JsonNode?>> AllLabels =>
        new[] { KeyValuePair.Create<string, JsonNode?>(NameLabel, Name) }.Concat(Labels.Where(pair => pair.Key != NameLabel).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));

    /// <summary>Makes the object.</summary>
    /// <returns>The object. Throws <see cref="LabException"/> where a value is missing, does not belong to the kind, or cannot be.</returns>
    public LabResource Build()
    {
        foreach (string name in Values.Keys)
        {
            if (Uses.TryGetValue(name, out string[]? kinds) && !kinds.Contains(Kind))
            {
                string[] own = [.. Uses.Where(use => use.Value.Contains(Kind)).Select(use => "-" + use.Key).Order(StringComparer.Ordinal)];
                throw Invalid("ParameterNotForKind", $"-{name} is for {string.Join(", ", kinds)}, not for {Kind}, which takes {(own.Length == 0 ? "a name and labels only" : string.Join(", ", own))}.");
            }
        }

        (string version, JsonObject content) = Kind switch
        {
            "Deployment" => ("apps/v1", Spec(Deployment())),
            "StatefulSet" => ("apps/v1", Spec(StatefulSet())),
            "DaemonSet" => ("apps/v1", Spec(new JsonObject { ["selector"] = MatchName(), ["template"] = PodTemplate("Always") })),
            "Job" => ("batch/v1", Spec(Job())),
            "CronJob" => ("batch/v1", Spec(CronJob())),
            "Service" => ("v1", Spec(Service())),
            "Ingress" => ("networking.k8s.io/v1", Spec(Ingress())),
            "ConfigMap" => ("v1", ConfigMap()),
            "Secret" => ("v1", Secret()),
            "HorizontalPodAutoscaler" => ("autoscaling/v2", Spec(Autoscaler())),
            "PersistentVolumeClaim" => ("v1", Spec(Claim(Needed("Size")))),
            "ResourceQuota" => ("v1", Spec(new JsonObject { ["hard"] = Map("Hard") ?? throw Missing("Hard", "@{ 'requests.cpu' = '4'; pods = 20 }") })),
            "LimitRange" => ("v1", Spec(LimitRange())),
            "NetworkPolicy" => ("networking.k8s.io/v1", Spec(NetworkPolicy())),
            "Namespace" => ("v1", []),
            "ServiceAccount" => ("v1", new JsonObject { ["automountServiceAccountToken"] = false }),
            "Role" => ("rbac.authorization.k8s.io/v1", Role()),
            "RoleBinding" => ("rbac.authorization.k8s.io/v1", RoleBinding()),
            _ => throw Invalid("KindNotSupported", $"There is no template for {Kind}: choose {string.Join(", ", Kinds)}."),
        };
        JsonObject metadata = new() { ["name"] = Name };
        if (Namespace is not null && Kind != "Namespace")
        {
            metadata["namespace"] = Namespace;
        }

        JsonObject labels = new(AllLabels);
        if (Text("PodSecurity") is { } level)
        {
            labels["pod-security.kubernetes.io/enforce"] = level;
        }

        metadata["labels"] = labels;
        if (Annotations.Count > 0)
        {
            metadata["annotations"] = new JsonObject(Annotations.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        JsonObject made = new() { ["apiVersion"] = version, ["kind"] = Kind, ["metadata"] = metadata };
        foreach ((string key, JsonNode? value) in content.ToArray())
        {
            content.Remove(key);
            made[key] = value;
        }

        return ResourceKinds.Create(made);
    }

    private static JsonObject Spec(JsonObject spec) => new() { ["spec"] = spec };

    private static LabException Invalid(string code, string message) => new(LabErrorKind.InvalidArgument, code, message) { StopsCommand = true };

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode?)value)]);

    private static void Set(JsonObject map, string key, JsonNode? value)
    {
        if (value is not null)
        {
            map[key] = value;
        }
    }

    // "8080" or "http=8080"; without a name the first is http.
    private static (string? Name, JsonNode Port) Port(string text)
    {
        string[] parts = text.Split('=', 2);
        string port = parts[^1].Trim();
        return (parts.Length == 2 ? parts[0].Trim() : null, int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : port);
    }

    private LabException Missing(string parameter, string example) =>
        Invalid("ParameterMissing", $"A {Kind} needs -{parameter}, as in -{parameter} {example}.");

    private string? Text(string name) => Values.GetValueOrDefault(name) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

    private string Needed(string name) => Text(name) ?? throw Missing(name, name switch
    {
        "Image" => "registry/web:1.0", "Size" => "1Gi", "Schedule" => "'0 2 * * *'", "Role" => "clusterrole/view", _ => "…",
    });

    private JsonNode? Number(string name) => Values.GetValueOrDefault(name) is { } value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    private bool Flag(string name) => Values.GetValueOrDefault(name) is true;

    private string[] Texts(string name) => Values.GetValueOrDefault(name) as string[] ?? [];

    private JsonObject? Map(string name) => Values.GetValueOrDefault(name) is IReadOnlyDictionary<string, string> map
        ? new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)))
        : null;

    private JsonObject MatchName() => new() { ["matchLabels"] = new JsonObject { [NameLabel] = Name } };

    private JsonObject Deployment() => new()
    {
        ["replicas"] = Number("Replicas") ?? 2,
        ["selector"] = MatchName(),
        ["template"] = PodTemplate("Always"),
    };

    private JsonObject StatefulSet()
    {
        JsonObject spec = new() { ["serviceName"] = Text("ServiceName") ?? Name, ["replicas"] = Number("Replicas") ?? 1, ["selector"] = MatchName() };
        JsonObject template = PodTemplate("Always");
        if (Text("Size") is { } size)
        {
            spec["volumeClaimTemplates"] = new JsonArray(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "data" }, ["spec"] = Claim(size) });
            JsonObject container = (JsonObject)template["spec"]!["containers"]![0]!;
            container["volumeMounts"] ??= new JsonArray();
            container["volumeMounts"]!.AsArray().Add(new JsonObject { ["name"] = "data", ["mountPath"] = Text("MountPath") ?? "/data" });
        }

        spec["template"] = template;
        return spec;
    }

    private JsonObject Job()
    {
        JsonObject spec = [];
        Set(spec, "completions", Number("Completions"));
        Set(spec, "parallelism", Number("Parallelism"));
        spec["backoffLimit"] = Number("BackoffLimit") ?? 3;
        Set(spec, "activeDeadlineSeconds", Number("Deadline"));
        Set(spec, "ttlSecondsAfterFinished", Number("TimeToLive"));
        spec["template"] = PodTemplate("Never");
        return spec;
    }

    private JsonObject CronJob()
    {
        JsonObject spec = new() { ["schedule"] = Needed("Schedule") };
        Set(spec, "timeZone", Text("TimeZone"));
        spec["concurrencyPolicy"] = Text("ConcurrencyPolicy") ?? "Forbid";
        if (Flag("Suspend"))
        {
            spec["suspend"] = true;
        }

        spec["startingDeadlineSeconds"] = 300;
        spec["jobTemplate"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject(AllLabels) }, ["spec"] = Job() };
        return spec;
    }

    private JsonObject PodTemplate(string restart)
    {
        JsonObject spec = [];
        Set(spec, "serviceAccountName", Text("ServiceAccountName"));

        // Few pods talk to the API server; those that do have an account of their own.
        spec["automountServiceAccountToken"] = Text("ServiceAccountName") is not null;
        if (restart != "Always")
        {
            spec["restartPolicy"] = restart;
        }

        if (Texts("ImagePullSecret") is { Length: > 0 } secrets)
        {
            spec["imagePullSecrets"] = new JsonArray([.. secrets.Select(secret => new JsonObject { ["name"] = secret })]);
        }

        JsonObject security = [];
        if (!Flag("AllowRoot"))
        {
            JsonNode user = Number("RunAsUser") ?? Nonroot;
            security["runAsNonRoot"] = true;
            (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) = (user, user.DeepClone(), user.DeepClone());
        }

        security["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" };
        spec["securityContext"] = security;
        JsonArray mounts = [], volumes = [];
        spec["containers"] = new JsonArray(Container(mounts, volumes));
        if (volumes.Count > 0)
        {
            spec["volumes"] = volumes;
        }

        return new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject(AllLabels) }, ["spec"] = spec };
    }

    private JsonObject Container(JsonArray mounts, JsonArray volumes)
    {
        JsonObject container = new() { ["name"] = ContainerName(), ["image"] = Needed("Image") };
        Set(container, "imagePullPolicy", Text("ImagePullPolicy"));
        foreach ((string field, string parameter) in new[] { ("command", "Command"), ("args", "Argument") })
        {
            if (Texts(parameter) is { Length: > 0 } words)
            {
                container[field] = List(words);
            }
        }

        (string? Name, JsonNode Port)[] ports = [.. Texts("Port").Select(Port)];
        if (ports.Length > 0)
        {
            container["ports"] = new JsonArray([.. ports.Select((port, i) => new JsonObject { ["name"] = port.Name ?? (i == 0 ? "http" : $"port-{port.Port}"), ["containerPort"] = port.Port.DeepClone() })]);
        }

        if (Texts("EnvFrom") is { Length: > 0 } from)
        {
            container["envFrom"] = new JsonArray([.. from.Select(source => Reference(source, "EnvFrom") switch
            {
                ("configmap", var name) => new JsonObject { ["configMapRef"] = new JsonObject { ["name"] = name } },
                ("secret", var name) => new JsonObject { ["secretRef"] = new JsonObject { ["name"] = name } },
                _ => throw Invalid("ValueInvalid", $"-EnvFrom '{source}' is neither configmap/<name> nor secret/<name>."),
            })]);
        }

        KeyValuePair<string, string>[] env = [.. Texts("EnvFile").SelectMany(file => EnvFile.Read(file, Environment)), .. Values.GetValueOrDefault("Env") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>()];
        if (env.Length > 0)
        {
            // What is given as -Env replaces what a file says.
            container["env"] = new JsonArray([.. env.GroupBy(pair => pair.Key).Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Last().Value })]);
        }

        string memory = Text("Memory") ?? "128Mi";
        JsonObject limits = new() { ["memory"] = Text("MemoryLimit") ?? memory };
        Set(limits, "cpu", Text("CpuLimit"));
        container["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = Text("Cpu") ?? "100m", ["memory"] = memory }, ["limits"] = limits };
        if (ports.Length > 0 && Servers.Split(' ').Contains(Kind))
        {
            JsonObject Probe() => Text("HealthPath") is { } path
                ? new JsonObject { ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = ports[0].Port.DeepClone() } }
                : new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = ports[0].Port.DeepClone() } };
            JsonObject ready = Probe(), live = Probe();
            ready["periodSeconds"] = 5;
            (live["initialDelaySeconds"], live["periodSeconds"], live["failureThreshold"]) = (10, 10, 6);
            (container["readinessProbe"], container["livenessProbe"]) = (ready, live);
        }

        JsonObject security = new() { ["allowPrivilegeEscalation"] = false, ["readOnlyRootFilesystem"] = !Flag("Writable") };
        if (!Flag("AllowRoot"))
        {
            security["capabilities"] = new JsonObject { ["drop"] = List(["ALL"]) };
        }

        container["securityContext"] = security;
        if (!Flag("Writable"))
        {
            // Nearly every program wants a place for temporary files.
            volumes.Add(new JsonObject { ["name"] = "tmp", ["emptyDir"] = new JsonObject() });
            mounts.Add(new JsonObject { ["name"] = "tmp", ["mountPath"] = "/tmp" });
        }

        foreach ((string path, string source) in Values.GetValueOrDefault("Mount") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>())
        {
            string volume = $"volume-{mounts.Count}";
            JsonObject content = Reference(source, "Mount") switch
            {
                ("configmap", var name) => new JsonObject { ["configMap"] = new JsonObject { ["name"] = name } },
                ("secret", var name) => new JsonObject { ["secret"] = new JsonObject { ["secretName"] = name } },
                ("pvc" or "persistentvolumeclaim", var name) => new JsonObject { ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = name } },
                ("emptydir", _) => new JsonObject { ["emptyDir"] = new JsonObject() },
                _ => throw Invalid("ValueInvalid", $"-Mount '{source}' is none of configmap/<name>, secret/<name>, pvc/<name> and emptydir."),
            };
            content["name"] = volume;
            volumes.Add(content);
            mounts.Add(new JsonObject { ["name"] = volume, ["mountPath"] = path });
        }

        if (mounts.Count > 0)
        {
            container["volumeMounts"] = mounts;
        }

        return container;
    }

    // A container's name has no dots and at most 63 characters.
    private string ContainerName()
    {
        string name = Name.Replace('.', '-');
        return (name.Length > 63 ? name[..63] : name).TrimEnd('-');
    }

    private (string Kind, string Name) Reference(string text, string parameter) => text.Split('/', 2) is [var kind, { Length: > 0 } name]
        ? (kind.ToLowerInvariant() is "cm" ? "configmap" : kind.ToLowerInvariant(), name)
        : text.Equals("emptydir", StringComparison.OrdinalIgnoreCase) ? ("emptydir", "")
        : throw Invalid("ValueInvalid", $"-{parameter} '{text}' does not say what it is: write kind/name, as in configmap/{Name}.");

    private JsonObject Service()
    {
        string[] ports = Texts("Port") is { Length: > 0 } given ? given : throw Missing("Port", "80");
        JsonObject spec = new() { ["type"] = Text("Type") ?? "ClusterIP" };
        if (Flag("Headless"))
        {
            spec["clusterIP"] = "None";
        }

        spec["selector"] = Map("Selector") ?? new JsonObject { [NameLabel] = Name };
        spec["ports"] = new JsonArray([.. ports.Select(Port).Select((port, i) =>
        {
            JsonObject entry = new() { ["name"] = port.Name ?? (i == 0 ? "http" : $"port-{port.Port}"), ["port"] = port.Port };
            Set(entry, "targetPort", i == 0 && Text("TargetPort") is { } target ? Port(target).Port : null);
            return entry;
        })]);
        return spec;
    }

    private JsonObject Ingress()
    {
        (_, JsonNode port) = Port(Texts("Port") is [var first, ..] ? first : "80");
        JsonObject rule = new()
        {
            ["http"] = new JsonObject
            {
                ["paths"] = new JsonArray(new JsonObject
                {
                    ["path"] = Text("UrlPath") ?? "/",
                    ["pathType"] = "Prefix",
                    ["backend"] = new JsonObject
                    {
                        ["service"] = new JsonObject
                        {
                            ["name"] = Text("ServiceName") ?? Name,
                            ["port"] = port.GetValueKind() == System.Text.Json.JsonValueKind.Number ? new JsonObject { ["number"] = port } : new JsonObject { ["name"] = port },
                        },
                    },
                }),
            },
        };
        Set(rule, "host", Text("HostName"));
        JsonObject spec = [];
        Set(spec, "ingressClassName", Text("IngressClass"));
        if (Text("TlsSecret") is { } secret)
        {
            JsonObject tls = new() { ["secretName"] = secret };
            if (Text("HostName") is { } host)
            {
                tls["hosts"] = List([host]);
            }

            spec["tls"] = new JsonArray(tls);
        }

        spec["rules"] = new JsonArray(rule);
        return spec;
    }

    private JsonObject ConfigMap()
    {
        JsonObject made = [], text = [], binary = [];
        foreach ((string key, byte[] value) in Contents())
        {
            if (IsText(value))
            {
                text[key] = Encoding.UTF8.GetString(value);
            }
            else
            {
                binary[key] = Convert.ToBase64String(value);
            }
        }

        Immutable(made);
        made["data"] = text;
        if (binary.Count > 0)
        {
            made["binaryData"] = binary;
        }

        return made;
    }

    private JsonObject Secret()
    {
        JsonObject made = new() { ["type"] = Text("Type") ?? "Opaque" };
        Immutable(made);
        made["data"] = new JsonObject(Contents().Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Convert.ToBase64String(pair.Value))));
        return made;
    }

    private void Immutable(JsonObject made)
    {
        if (Flag("Immutable"))
        {
            made["immutable"] = true;
        }
    }

    private static bool IsText(byte[] value) => System.Text.Unicode.Utf8.IsValid(value);

    private List<KeyValuePair<string, byte[]>> Contents()
    {
        List<KeyValuePair<string, byte[]>> found = [];
        foreach (string file in Texts("EnvFile"))
        {
            found.AddRange(EnvFile.Read(file, Environment).Select(pair => KeyValuePair.Create(pair.Key, Encoding.UTF8.GetBytes(pair.Value))));
        }

        foreach (string source in Texts("FromFile"))
        {
            found.AddRange(FromFile(source));
        }

        foreach ((string key, string value) in Values.GetValueOrDefault("Data") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>())
        {
            found.Add(KeyValuePair.Create(key, Encoding.UTF8.GetBytes(value)));
        }

        foreach (IGrouping<string, KeyValuePair<string, byte[]>> key in found.GroupBy(pair => pair.Key))
        {
            if (!DataKey().IsMatch(key.Key) || key.Key == "." || key.Key.StartsWith("..", StringComparison.Ordinal))
            {
                throw Invalid("ValueInvalid", $"'{key.Key}' cannot be a key of a {Kind}: it consists of letters, digits, '-', '_' and '.'. For a file, give another one: -FromFile key=path.");
            }

            if (key.Count() > 1)
            {
                throw Invalid("ValueInvalid", $"The key '{key.Key}' is given twice.");
            }
        }

        return found;
    }

    // "path" or "key=path"; of a folder its files whose names can be keys, as kubectl does.
    private static IEnumerable<KeyValuePair<string, byte[]>> FromFile(string source)
    {
        (string? key, string path) = source.Split('=', 2) is [var name, var rest] ? (name, rest) : ((string?)null, source);
        try
        {
            return key is null && Directory.Exists(path)
                ? [.. new DirectoryInfo(path).EnumerateFiles().Where(file => DataKey().IsMatch(file.Name)).OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => KeyValuePair.Create(file.Name, File.ReadAllBytes(file.FullName)))]
                : [KeyValuePair.Create(key ?? Path.GetFileName(path), File.ReadAllBytes(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.NotFound, "FileUnreadable", $"-FromFile: '{path}' cannot be read: {e.Message}", e) { Target = path, StopsCommand = true };
        }
    }

    private JsonObject Autoscaler()
    {
        (string kind, string name) = (Text("Target") ?? $"deployment/{Name}").Split('/', 2) is [var first, { Length: > 0 } rest] ? (first.ToLowerInvariant(), rest) : ("deployment", Text("Target")!);
        kind = kind switch
        {
            "deploy" or "deployment" or "deployments" or "deployments.apps" => "Deployment",
            "sts" or "statefulset" or "statefulsets" or "statefulsets.apps" => "StatefulSet",
            "rs" or "replicaset" or "replicasets" or "replicasets.apps" => "ReplicaSet",
            _ => throw Invalid("ValueInvalid", $"-Target '{Text("Target")}' cannot be scaled: give deployment/<name> or statefulset/<name>."),
        };
        JsonArray metrics = [];
        foreach ((string resource, JsonNode? percent) in new[] { ("cpu", Number("CpuPercent") ?? (Number("MemoryPercent") is null ? 80 : null)), ("memory", Number("MemoryPercent")) })
        {
            if (percent is not null)
            {
                metrics.Add(new JsonObject
                {
                    ["type"] = "Resource",
                    ["resource"] = new JsonObject { ["name"] = resource, ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = percent } },
                });
            }
        }

        return new JsonObject
        {
            ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = kind, ["name"] = name },
            ["minReplicas"] = Number("MinReplicas") ?? 2,
            ["maxReplicas"] = Number("MaxReplicas") ?? 10,
            ["metrics"] = metrics,
        };
    }

    private JsonObject Claim(string size)
    {
        JsonObject spec = new() { ["accessModes"] = List(Texts("AccessMode") is { Length: > 0 } modes ? modes : ["ReadWriteOnce"]) };
        Set(spec, "storageClassName", Text("StorageClass"));
        spec["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size } };
        return spec;
    }

    private JsonObject LimitRange()
    {
        JsonObject limit = new() { ["type"] = "Container" };
        Set(limit, "default", Map("Default"));
        Set(limit, "defaultRequest", Map("DefaultRequest"));
        Set(limit, "min", Map("Minimum"));
        Set(limit, "max", Map("Maximum"));
        return limit.Count > 1 ? new JsonObject { ["limits"] = new JsonArray(limit) } : throw Missing("Default", "@{ cpu = '500m'; memory = '256Mi' }");
    }

    private JsonObject NetworkPolicy()
    {
        JsonObject rule = [];
        if (Texts("From") is { Length: > 0 } from)
        {
            rule["from"] = new JsonArray([.. from.Select(Peer)]);
        }

        if (Texts("Port") is { Length: > 0 } ports)
        {
            rule["ports"] = new JsonArray([.. ports.Select(port => new JsonObject { ["port"] = Port(port).Port, ["protocol"] = "TCP" })]);
        }

        JsonObject spec = new()
        {
            ["podSelector"] = Values.ContainsKey("Selector") ? new JsonObject { ["matchLabels"] = Map("Selector") } : MatchName(),
            ["policyTypes"] = List(["Ingress"]),
        };

        // Without a rule nothing comes in.
        spec["ingress"] = rule.Count > 0 ? new JsonArray(rule) : new JsonArray();
        return spec;
    }

    // app=web: pods of this namespace; namespace/monitoring: all of that one; 10.0.0.0/8: addresses.
    private static JsonObject Peer(string text)
    {
        if (text.Contains('=', StringComparison.Ordinal))
        {
            return new JsonObject
            {
                ["podSelector"] = new JsonObject
                {
                    ["matchLabels"] = new JsonObject(text.Split(',').Select(pair => pair.Split('=', 2) is [var key, var value]
                        ? KeyValuePair.Create(key.Trim(), (JsonNode?)value.Trim())
                        : throw Invalid("ValueInvalid", $"-From '{text}' is not a list of labels: write app=web,tier=front."))),
                },
            };
        }

        string[] parts = text.Split('/', 2);
        return parts is ["ns" or "namespace", { Length: > 0 } ns]
            ? new JsonObject { ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = ns } } }
            : System.Net.IPNetwork.TryParse(text, out _) ? new JsonObject { ["ipBlock"] = new JsonObject { ["cidr"] = text } }
            : throw Invalid("ValueInvalid", $"-From '{text}' is none of labels (app=web), namespace/<name> and an address range (10.0.0.0/8).");
    }

    private JsonObject Role()
    {
        string[] verbs = Texts("Verb") is { Length: > 0 } given ? given : throw Missing("Verb", "get, list, watch");
        string[] resources = Texts("Resource") is { Length: > 0 } some ? some : throw Missing("Resource", "pods, deployments.apps");
        JsonArray rules = [];
        foreach (IGrouping<string, string[]> group in resources.Select(resource => resource.Split('.', 2)).GroupBy(parts => parts is [_, var group] ? group.Split('/')[0] : "").OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            // deployments.apps/scale: the subresource stands after the group.
            JsonObject rule = new()
            {
                ["apiGroups"] = List([group.Key]),
                ["resources"] = List(group.Select(parts => parts is [var plural, var rest] && rest.Split('/', 2) is [_, var sub] ? $"{plural}/{sub}" : parts[0])),
                ["verbs"] = List(verbs.Select(verb => verb.ToLowerInvariant())),
            };
            if (Texts("ResourceName") is { Length: > 0 } names)
            {
                rule["resourceNames"] = List(names);
            }

            rules.Add(rule);
        }

        return new JsonObject { ["rules"] = rules };
    }

    private JsonObject RoleBinding()
    {
        (string kind, string name) = Needed("Role").Split('/', 2) is [var first, { Length: > 0 } rest] ? (first.ToLowerInvariant(), rest) : ("role", Needed("Role"));
        string[] subjects = Texts("Subject") is { Length: > 0 } given ? given : throw Missing("Subject", "user/anna, serviceaccount/build");
        return new JsonObject
        {
            ["roleRef"] = new JsonObject
            {
                ["apiGroup"] = "rbac.authorization.k8s.io",
                ["kind"] = kind switch
                {
                    "role" => "Role",
                    "clusterrole" => "ClusterRole",
                    _ => throw Invalid("ValueInvalid", $"-Role '{Needed("Role")}' is neither role/<name> nor clusterrole/<name>."),
                },
                ["name"] = name,
            },
            ["subjects"] = new JsonArray([.. subjects.Select(Subject)]),
        };
    }

    private JsonObject Subject(string text) => text.Split('/') switch
    {
        ["user", { Length: > 0 } user] => new JsonObject { ["kind"] = "User", ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = user },
        ["group", { Length: > 0 } group] => new JsonObject { ["kind"] = "Group", ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = group },
        ["serviceaccount" or "sa", { Length: > 0 } account] => new JsonObject
        {
            ["kind"] = "ServiceAccount", ["name"] = account,
            ["namespace"] = Namespace ?? throw Invalid("ParameterMissing", $"-Subject '{text}' needs the namespace of the account: give -Namespace, or write serviceaccount/<namespace>/<name>."),
        },
        ["serviceaccount" or "sa", { Length: > 0 } ns, { Length: > 0 } account] => new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = ns },
        _ => throw Invalid("ValueInvalid", $"-Subject '{text}' is none of user/<name>, group/<name> and serviceaccount/<name>."),
    };

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]{1,253}\z")]
    private static partial Regex DataKey();
}
