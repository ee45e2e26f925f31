using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

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

        Check();
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

    // What the server would refuse only when it is deployed.
    private void Check()
    {
        foreach (string name in new[] { "Cpu", "CpuLimit", "Memory", "MemoryLimit", "Size" })
        {
            CheckQuantity("-" + name, Text(name));
        }

        foreach (string name in new[] { "Hard", "Default", "DefaultRequest", "Minimum", "Maximum" })
        {
            foreach ((string key, string value) in Values.GetValueOrDefault(name) as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>())
            {
                CheckQuantity($"-{name} {key}", value);
            }
        }

        if (Kind != "CronJob")
        {
            return;
        }

        if (Name.Length > CronJobValidation.LongestName)
        {
            throw Invalid("ValueInvalid", $"The name '{Name}' has {Name.Length} characters, and a CronJob's at most {CronJobValidation.LongestName}: its jobs get names of their own from it.");
        }

        if (Text("Schedule") is { } schedule && CronJobValidation.Check(schedule, null) is [var (_, detail), ..])
        {
            throw Invalid("ValueInvalid", $"-Schedule '{schedule}' would be refused: {(detail.Length == 0 ? "it is empty" : detail)}. Five fields are taken, as in '0 2 * * *' (Sunday is 0), or a word such as @daily.");
        }
    }

    private static void CheckQuantity(string parameter, string? text)
    {
        if (text is not null && (!Quantity.TryParse(text, out Quantity amount) || amount < default(Quantity)))
        {
            throw Invalid("ValueInvalid", $"{parameter} '{text}' is no quantity that the server takes: write 500m, 0.5, 2 or 128Mi, with no space.");
        }
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

    private (string Kind, string Name) Reference(string text, string parameter) => text.Split('/', 2) is [var kind, { Length: > 0 } name]
        ? (kind.ToLowerInvariant() is "cm" ? "configmap" : kind.ToLowerInvariant(), name)
        : text.Equals("emptydir", StringComparison.OrdinalIgnoreCase) ? ("emptydir", "")
        : throw Invalid("ValueInvalid", $"-{parameter} '{text}' does not say what it is: write kind/name, as in configmap/{Name}.");
}
