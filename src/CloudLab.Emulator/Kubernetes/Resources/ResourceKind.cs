using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Resources;

/// <summary>A column of the table that <c>kubectl get</c> shows.</summary>
internal sealed record TableColumn(string Name, string Type, string Format, int Priority, string Description)
{
    /// <summary>Where a custom resource's column takes its value from.</summary>
    public string? JsonPath { get; init; }
}

/// <summary>A part of a resource with an address of its own, such as <c>status</c>; the kind is empty if it is the resource's.</summary>
internal sealed record Subresource(string Name, string Group, string Version, string Kind, IReadOnlyList<string> Verbs);

/// <summary>One kind of object in one version: what discovery tells of it.</summary>
internal sealed class ResourceKind
{
    public required string Group { get; init; }

    public required string Version { get; init; }

    /// <summary>Plural name in addresses: <c>deployments</c>.</summary>
    public required string Name { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind { get; init; } = "";

    public required bool IsNamespaced { get; init; }

    public required IReadOnlyList<string> Verbs { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    public required Shape Shape { get; init; }

    public IReadOnlyList<TableColumn> Columns { get; init; } = [];

    /// <summary>True for the kinds that a CustomResourceDefinition brings.</summary>
    public bool IsCustom { get; init; }

    /// <summary>A custom resource's schema as its definition has it.</summary>
    public string? Schema { get; init; }

    /// <summary>Where a custom resource's scale lies in it.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>The version objects are kept in, where it is another.</summary>
    public string? StoredAs { get; init; }

    public string ApiVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary>Both groups of events share one shelf.</summary>
    public string StorageKey => Group is "" or "events.k8s.io" ? "/" + Name : Group + "/" + Name;

    /// <summary>As messages name it: <c>deployments.apps</c>.</summary>
    public string QualifiedName => Group.Length == 0 ? Name : Name + "." + Group;

    /// <summary>As messages name its kind: <c>Deployment.apps</c>.</summary>
    public string QualifiedKind => Group.Length == 0 ? Kind : Kind + "." + Group;

    public bool HasStatus => Subresources.Any(sub => sub.Name == "status");

    /// <summary>True where only the status and metadata do not count as a new generation.</summary>
    public bool HasGeneration => IsCustom || StorageKey is "/pods" or "/replicationcontrollers" or "apps/deployments" or "apps/replicasets"
        or "apps/statefulsets" or "apps/daemonsets" or "batch/jobs" or "batch/cronjobs" or "networking.k8s.io/ingresses" or "networking.k8s.io/ingressclasses"
        or "networking.k8s.io/networkpolicies" or "policy/poddisruptionbudgets" or "apiextensions.k8s.io/customresourcedefinitions"
        or "admissionregistration.k8s.io/mutatingwebhookconfigurations" or "admissionregistration.k8s.io/validatingwebhookconfigurations"
        or "admissionregistration.k8s.io/validatingadmissionpolicies" or "scheduling.k8s.io/priorityclasses" or "discovery.k8s.io/endpointslices"
        or "flowcontrol.apiserver.k8s.io/flowschemas";

    public override string ToString() => QualifiedName;
}

/// <summary>JSON paths of a custom resource's scale.</summary>
internal sealed record ScalePaths(string Replicas, string StatusReplicas, string? Selector);
