namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Which objects of a kind are wanted; the server selects them.</summary>
/// <param name="LabelSelector">Label selector: <c>app=movies,tier!=cache</c>; null for all.</param>
/// <param name="FieldSelector">Field selector: <c>status.phase=Running</c>; null for all.</param>
public sealed record ResourceFilter(string? LabelSelector = null, string? FieldSelector = null)
{
    /// <summary>No selection.</summary>
    public static ResourceFilter None { get; } = new();

    /// <summary>The filter as part of a URL.</summary>
    /// <returns>Query parameters, each with a trailing ampersand.</returns>
    internal string Query() =>
        (LabelSelector is null ? "" : $"labelSelector={Uri.EscapeDataString(LabelSelector)}&")
        + (FieldSelector is null ? "" : $"fieldSelector={Uri.EscapeDataString(FieldSelector)}&");
}
