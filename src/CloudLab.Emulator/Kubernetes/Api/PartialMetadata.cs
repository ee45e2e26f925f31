using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Objects of which only the metadata is wanted.</summary>
internal static class PartialMetadata
{
    public static bool Wanted(ApiRequest request) => request.Accept.Split(',')[0].Contains("as=PartialObjectMetadata", StringComparison.Ordinal);

    public static JsonObject Of(JsonObject node) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = node["metadata"]?.DeepClone(),
    };
}
